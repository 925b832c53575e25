/** Options, signals, exit codes and outputs that the commands share which run until Ctrl-C. */
import { once } from "node:events";
import { type Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Environment } from "../../shared/config.js";
import { ConfigurationError, EXIT_CONFIGURATION, messageOf } from "../../shared/errors.js";
import { isTopicName } from "../../shared/setting-kinds.js";
import { printableLines } from "../printable.js";
import { INTERVAL_EXPECTED, parseInterval } from "./interval.js";

const EXIT_FAILURE = 1;
const EXIT_OPTIONS = 2;

/** The topic argument. @throws {InvalidArgumentError} Kafka gives no topic such a name */
export function topicArgument(text: string): string {
  if (!isTopicName(text))
    throw new InvalidArgumentError("Expected a topic: letters, digits, dots, dashes, underscores.");
  return text;
}

/** `--interval`, whose value is milliseconds. @param text its default */
export function intervalOption(text: string): Option {
  return new Option("--interval <time>", "length of an interval: a whole number and ms, s, m or h")
    .argParser(intervalMsOf)
    .default(intervalMsOf(text), text);
}

function intervalMsOf(text: string): number {
  const intervalMs = parseInterval(text);
  if (intervalMs === undefined) throw new InvalidArgumentError(`Expected ${INTERVAL_EXPECTED}.`);
  return intervalMs;
}

/**
 * Parses the command line, runs, and ends the process. Exit code 0 after SIGINT or SIGTERM or where standard output was closed,
 * 1 after a failure, 2 for a wrong command line, 78 for a wrong environment variable.
 * @param run gets the environment and a signal that asks it to end soon
 */
export async function runCommand(
  command: Command,
  run: (environment: Environment, stop: AbortSignal) => Promise<void>,
): Promise<never> {
  try {
    command.exitOverride().parse();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : EXIT_OPTIONS);
  }
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => controller.abort());
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : EXIT_FAILURE);
  });
  try {
    await run(process.env, controller.signal);
  } catch (error) {
    notice(messageOf(error));
    process.exit(error instanceof ConfigurationError ? EXIT_CONFIGURATION : EXIT_FAILURE);
  }
  process.exit(0);
}

/** Writes a line for the user to standard error, beside the command's output. It may name what others have named. */
export function notice(line: string): void {
  process.stderr.write(`${printableLines(line)}\n`);
}

/** Writes to standard output, and waits where that is read more slowly. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/** The result, or undefined where `stop` came first; the work continues then, and nothing waits for it. */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  const stopped = new AbortController();
  try {
    return await Promise.race([
      work,
      once(stop, "abort", { signal: stopped.signal }).then(
        () => undefined,
        () => undefined,
      ),
    ]);
  } finally {
    stopped.abort();
  }
}
