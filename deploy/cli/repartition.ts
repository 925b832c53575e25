/**
 * `npm run repartition -- <service> [--yes]`: after the inputs of a service were given more partitions, moves its state to where
 * its series are now. Its settings are those of the service. Without --yes it only says what there is to do.
 */
import { Argument, Command } from "commander";
import { SERVICE_NAMES, type ServiceName } from "../../services/names.js";
import { type Repartition, readRepartition, withRepartition } from "../../shared/repartition.js";
import { notice, runCommand, unlessStopped, write } from "./command.js";
import { SERVICE_DEFINITIONS } from "./definitions.js";
import { untilListening } from "./open-port.js";

const command = new Command("repartition")
  .description("Moves a service's state to where its series are after its inputs were given more partitions.")
  .addArgument(new Argument("<service>", "whose inputs have more partitions").choices(SERVICE_NAMES))
  .option("--yes", "do it; without this it is only said what there is to do", false);

await runCommand(command, async (environment, stop) => {
  // The argument is one of the choices, or commander has refused it.
  const service = SERVICE_DEFINITIONS[command.processedArgs[0] as ServiceName];
  if (service.kind === "source") {
    await write(
      `${service.name}: its tasks are the partitions of its own changelog, whatever its topics have; there is nothing to do\n`,
    );
    return;
  }
  const { yes } = command.opts<{ yes: boolean }>();
  const target = await readRepartition(service, environment);
  const { application, brokers } = target;
  await untilListening(brokers, stop, () => notice(`waiting for Kafka at ${brokers}`));
  // Stopped half-way, it continues from its plan the next time.
  await withRepartition(target, (repartition) => unlessStopped(run(repartition, application, yes), stop));
});

async function run(repartition: Repartition, application: string, yes: boolean): Promise<void> {
  const examination = await repartition.examine();
  if (examination === undefined) {
    await write(`${application}: its changelogs have as many partitions as its inputs; there is nothing to do\n`);
    return;
  }
  const { plan, begun, records } = examination;
  await write(`${application}: from ${plan.from} to ${plan.to} partitions${begun ? ", begun and not complete" : ""}\n`);
  for (const [store, { moving, all }] of records)
    await write(`  store ${store}: ${moving} of ${all} changelog records move\n`);
  if (!yes) {
    await write(
      "Nothing was changed. With --yes it is done; no instance of the service may run until it is complete.\n",
    );
    return;
  }
  await repartition.carryOut(plan, (line) => process.stdout.write(`${line}\n`));
}
