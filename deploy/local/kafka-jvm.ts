/** A JVM on Kafka's jars: how it is started, and how it is seen that it has come so far. */
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { endOf, spawnBound } from "./bound-process.js";

const PROJECT_DIRECTORY = fileURLToPath(new URL("../../..", import.meta.url));
export const LIBRARIES = join(PROJECT_DIRECTORY, ".local", "kafka", "libs");
/**
 * Kafka's classes, parsed and verified, as the JVM maps them (class data sharing): 2 of the 6 seconds of processor time
 * that a start costs. Written when the first broker stops, beside the jars that it is made from. The JVM itself ignores an archive
 * of other jars or of another Java.
 */
export const classArchive = (libraries: string): string => join(libraries, "classes.jsa");
const LOG_CONFIGURATION = join(PROJECT_DIRECTORY, "deploy", "local", "kafka", "log4j2.properties");

const START_TIMEOUT_MS = 120_000;
/** A stop that takes longer is a hung controlled shutdown; the log is safe without it. */
export const STOP_TIMEOUT_MS = 30_000;
export const POLL_MS = 25;
const LOG_TAIL_LINES = 20;
/** Kafka logs this once it is registered, unfenced, and its request handlers run; a controller once it runs. */
const STARTED = "Kafka Server started";

export interface JvmOptions {
  /** Java heap in MiB, 512 by default. */
  readonly heapMb?: number | undefined;
  /** Its output is added to this file. */
  readonly logFile: string;
  /** Folder of Kafka's jars; {@link LIBRARIES} by default. */
  readonly libraries?: string | undefined;
}

/** Starts Java on Kafka's jars, bound to this process. */
export function spawnKafka(options: JvmOptions, args: readonly string[]): ChildProcess {
  const log = openSync(options.logFile, "a");
  try {
    return spawnBound("java", [...jvmOptions(options), ...args], { stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
}

function jvmOptions({ heapMb = 512, libraries = LIBRARIES }: JvmOptions): readonly string[] {
  const archive = classArchive(libraries);
  return [
    `-Xmx${heapMb}m`,
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    `-Dlog4j2.configurationFile=${LOG_CONFIGURATION}`,
    "-Xlog:cds=off",
    "-Xlog:cds+dynamic=off",
    ...(existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : []),
    "-cp",
    join(libraries, "*"),
  ];
}

/**
 * Waits until a JVM's Kafka has started.
 * @param what it is, for the error
 * @throws {Error} as {@link logged} does, or 120 s have passed
 */
export async function started(jvm: ChildProcess, options: JvmOptions, what: string): Promise<void> {
  if (await logged(jvm, options, STARTED, START_TIMEOUT_MS)) return;
  throw kafkaFailure(`${what} did not start within ${START_TIMEOUT_MS / 1000} s`, jvm, options.logFile);
}

/**
 * Waits for a line of the log of a JVM.
 * @returns whether it has come in time
 * @throws {Error} the JVM ended, with the end of its log, or Java cannot be run
 */
export async function logged(
  jvm: ChildProcess,
  { logFile }: JvmOptions,
  line: string,
  timeoutMs: number,
): Promise<boolean> {
  let spawnError: Error | undefined;
  jvm.once("error", (error) => {
    spawnError = error;
  });
  const deadline = performance.now() + timeoutMs;
  while (!logOf(logFile).includes(line)) {
    if (spawnError !== undefined)
      throw new Error("expected java to start Kafka, but it cannot be run", { cause: spawnError });
    if (endOf(jvm) !== undefined) throw kafkaFailure("Kafka ended while it started", jvm, logFile);
    if (performance.now() > deadline) return false;
    await pause(POLL_MS);
  }
  return true;
}

/** An error that tells the end of the log. */
export function kafkaFailure(what: string, jvm: ChildProcess, logFile: string): Error {
  return new Error(`${what} (${endOf(jvm) ?? "it still runs"}). The end of ${logFile}:\n${logTail(logFile)}`);
}

export function logTail(logFile: string): string {
  return logOf(logFile).trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}

export function logOf(logFile: string): string {
  return existsSync(logFile) ? readFileSync(logFile, "utf8") : "";
}
