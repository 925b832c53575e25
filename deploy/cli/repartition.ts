/**
 * `npm run repartition -- <service> [--yes]`: after the inputs of a service were given more partitions, moves its state to where
 * its series are now. Its settings are those of the service. Without --yes it only says what there is to do.
 */
import { Argument, Command } from "commander";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import { type Repartition, readRepartition, withRepartition } from "../../shared/repartition.js";
import type { AnyService } from "../../shared/service-definition.js";
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
