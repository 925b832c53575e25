/**
 * `npm run repartition -- <service> [--yes]`: after the inputs of a service were given more partitions, moves its state to where
 * its series are now. Its settings are those of the service. Without --yes it only says what there is to do.
 */
import { Argument, Command } from "commander";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import { type Environment, readSettings, type SettingDefinitions } from "../../shared/config.js";
import { ConfigurationError } from "../../shared/errors.js";
import { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { faultsOfProperties } from "../../shared/kafka/property-check.js";
import type { AnyService } from "../../shared/kernel/loop/record-processing.js";
import { examineRepartition, type RepartitionScope, repartition } from "../../shared/kernel/topics/repartition.js";
import { createLogger } from "../../shared/logger.js";
import type { Codec } from "../../shared/service-definition.js";
import { kernelSettings, readClientProperties } from "../../shared/service-settings.js";
import { notice, runCommand, unlessStopped, write } from "./command.js";
import { untilListening } from "./open-port.js";

const SOURCE = "producer";
const SERVICES = [deserializer, statefulEstimator, rlsRacer, mlRacer] as unknown as readonly AnyService[];

const command = new Command("repartition")
  .description("Moves a service's state to where its series are after its inputs were given more partitions.")
  .addArgument(
    new Argument("<service>", "whose inputs have more partitions").choices([
      SOURCE,
      ...SERVICES.map(({ name }) => name),
    ]),
  )
  .option("--yes", "do it; without this it is only said what there is to do", false);

await runCommand(command, async (environment, stop) => {
  const service = SERVICES.find(({ name }) => name === command.processedArgs[0]);
  if (service === undefined) {
    await write(
      `${SOURCE}: its tasks are the partitions of its own changelog, whatever its topics have; there is nothing to do\n`,
    );
    return;
  }
  const { yes } = command.opts<{ yes: boolean }>();
  const { options, inputs } = await readAll(service, environment);
  const { brokers, applicationId } = options.settings;
  await untilListening(brokers, stop, () => notice(`waiting for Kafka at ${brokers}`));
  const admin = new Admin(options);
  try {
    const codecs = service.stores as Readonly<Record<string, Codec<object>>>;
    const application = `${applicationId}-${service.name}`;
    // Stopped half-way it goes on from its plan the next time.
    await unlessStopped(run({ service: service.name, application, inputs, codecs, admin, options }, yes), stop);
  } finally {
    await admin.disconnect();
  }
});

async function readAll(
  service: AnyService,
  environment: Environment,
): Promise<{ readonly options: ClientOptions; readonly inputs: readonly string[] }> {
  const definitions: typeof kernelSettings & SettingDefinitions = { ...kernelSettings, ...service.settings };
  const settings = readSettings(definitions, environment);
  const properties = readClientProperties(environment);
  const faults = await faultsOfProperties(properties);
  if (faults.length > 0) throw new ConfigurationError(faults);
  const logger = createLogger("repartition", "silent");
  const clientId = `${settings.applicationId}-${service.name}-repartition`;
  return {
    options: { settings, properties, clientId, logger },
    inputs: service.kind === "processor" ? service.inputs(settings as never) : [],
  };
}

async function run(scope: RepartitionScope, yes: boolean): Promise<void> {
  const examination = await examineRepartition(scope);
  if (examination === undefined) {
    await write(`${scope.application}: its changelogs have as many partitions as its inputs; there is nothing to do\n`);
    return;
  }
  const { plan, begun, records } = examination;
  await write(
    `${scope.application}: from ${plan.from} to ${plan.to} partitions${begun ? ", begun and not complete" : ""}\n`,
  );
  for (const [store, { moving, all }] of records)
    await write(`  store ${store}: ${moving} of ${all} changelog records move\n`);
  if (!yes) {
    await write(
      "Nothing was changed. With --yes it is done; no instance of the service may run until it is complete.\n",
    );
    return;
  }
  await repartition(scope, plan, (line) => process.stdout.write(`${line}\n`));
}
