/**
 * `npm run reset -- [service...]`: deletes all that services have made of their inputs, so that they start from the beginning. It
 * lists what that is and asks first.
 */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Argument, Command } from "commander";
import { SERVICE_NAMES, type ServiceName } from "../../services/names.js";
import { type Reset, readReset, withReset } from "../../shared/reset.js";
import { notice, runCommand, unlessStopped, write } from "./command.js";
import { SERVICE_DEFINITIONS } from "./definitions.js";
import { untilListening } from "./open-port.js";

interface ResetOptions {
  readonly yes: boolean;
  readonly dryRun: boolean;
}

type Findings = NonNullable<Awaited<ReturnType<Reset["examine"]>>>;

const services = SERVICE_NAMES.map((name) => SERVICE_DEFINITIONS[name]);

const command = new Command("reset")
  .description(
    "Deletes state, results and positions of services, so that they start from the beginning of the raw topics, which stay as they are.",
  )
  .addArgument(new Argument("[services...]", "which; without one all that read something").choices(SERVICE_NAMES))
  .option("--yes", "do not ask", false)
  .option("--dry-run", "say what would be deleted, and delete nothing", false);

await runCommand(command, async (environment, stop) => {
  const named: readonly ServiceName[] = command.processedArgs[0];
  const all = services.filter(({ kind }) => kind === "processor").map(({ name }) => name);
  const target = await readReset(services, new Set(named.length > 0 ? named : all), environment);
  const { brokers } = target;
  await untilListening(brokers, stop, () => notice(`waiting for Kafka at ${brokers}`));
  // Stopped half-way, the same command does the rest.
  const work = withReset(target, (reset) => run(reset, named.includes("producer"), stop));
  await unlessStopped(work, stop);
});

async function run(reset: Reset, withProducer: boolean, stop: AbortSignal): Promise<void> {
  const { yes, dryRun } = command.opts<ResetOptions>();
  const findings = await reset.examine();
  if (findings === undefined) {
    await write("there is nothing to delete\n");
    return;
  }
  await write(listOf(findings));
  if (withProducer)
    notice("The producer will send its observations from the first one again, to raw topics that keep what they have.");
  if (dryRun || !(yes || (await isAgreed(stop)))) {
    await write("Nothing was deleted.\n");
    return;
  }
  await reset.carryOut(findings, (line) => process.stdout.write(`${line}\n`));
}

/** A line for each thing that is there, under what it is. */
function listOf({ folders, ownTopics, results, groups }: Findings): string {
  const kinds: readonly (readonly [string, readonly string[]])[] = [
    ["state folders on this host", folders],
    ["topics of the services themselves", ownTopics],
    ["topics of results, whoever else reads or writes them", results],
    ["groups, with their positions", groups],
  ];
  return kinds
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) => `${kind}:\n${names.map((name) => `  ${name}\n`).join("")}`)
    .join("");
}

/** Asks at a terminal; where there is none, nobody agrees. Ctrl-C and Ctrl-D say no. */
async function isAgreed(stop: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    notice("With --yes it is deleted.");
    return false;
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = once(lines, "close").then(() => "");
  lines.on("SIGINT", () => lines.close());
  try {
    const answer = await Promise.race([lines.question("Delete all of this? [y/N] ", { signal: stop }), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (stop.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}
