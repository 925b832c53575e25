/**
 * What set-up says: one line a step with its seconds, and what to do where a step failed.
 * Output of other programs goes to one log file, whose end is shown only when it is needed.
 */
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the project's folder. */
export const PROJECT_DIRECTORY = fileURLToPath(new URL("../../..", import.meta.url));

/** Everything that set-up and local runs make; git ignores it and it may be deleted while nothing runs. */
export const LOCAL_DIRECTORY = join(PROJECT_DIRECTORY, ".local");

const LOG_FILE = join(LOCAL_DIRECTORY, "log", "setup.log");
const LOG_TAIL_LINES = 25;
const HEARTBEAT_MS = 30_000;

/** A step that cannot be done; `advice` lines say which command helps. */
export class SetupError extends Error {
  /**
   * @param {string} message what was expected and what came
   * @param {{ advice?: readonly string[], showLog?: boolean, cause?: unknown }} [options]
   */
  constructor(message, { advice = [], showLog = false, cause } = {}) {
    super(message, { cause });
    this.name = "SetupError";
    this.advice = advice;
    this.showLog = showLog;
  }
}

let logFile;

/** Descriptor of the log file, emptied at its first use in a run: an idle set-up keeps the last log. */
export function logDescriptor() {
  if (logFile === undefined) {
    mkdirSync(dirname(LOG_FILE), { recursive: true });
    logFile = openSync(LOG_FILE, "w");
  }
  return logFile;
}

/** Writes one line to the log file. */
export function log(line) {
  writeSync(logDescriptor(), `${line}\n`);
}

/** The last lines of the log file as one text, empty where nothing was logged. */
export function logTail() {
  if (logFile === undefined) return "";
  return readFileSync(LOG_FILE, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}

/** Closes the log file. */
export function closeLog() {
  if (logFile !== undefined) closeSync(logFile);
  logFile = undefined;
}

/**
 * Does one step and tells of it: on a terminal the seconds run, elsewhere a long step says every half minute that it goes on.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @param {{ expect?: string, verdict?: (result: T) => string }} [options] `expect`: how long it takes, for long steps;
 *   `verdict`: what came of it, where that is worth a word
 * @returns {Promise<T>}
 */
export async function step(title, work, { expect, verdict = () => "" } = {}) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const label = `  ${title.padEnd(46, ".")}`;
  const live = process.stdout.isTTY === true;
  const note = expect === undefined ? "" : ` (${expect})`;
  log(`== ${title}`);
  if (live) process.stdout.write(`${label} ...${note}`);
  else if (expect !== undefined) console.log(`${label} started${note}`);
  const tick = live
    ? setInterval(() => process.stdout.write(`\r${label} ${seconds()} s${note} `), 1000)
    : setInterval(() => console.log(`${label} still at it, ${seconds()} s`), HEARTBEAT_MS);
  const close = (text) => {
    clearInterval(tick);
    if (live) process.stdout.write(`\r\x1b[K${label} ${text}\n`);
    else console.log(`${label} ${text}`);
  };
  try {
    const result = await work();
    const word = verdict(result);
    close(`${seconds()} s${word === "" ? "" : `, ${word}`}`);
    return result;
  } catch (error) {
    close(`failed after ${seconds()} s`);
    throw error;
  }
}

/** Prints why set-up stops, the end of the log where it explains more, and the commands that help. */
export function printFailure(error) {
  if (!(error instanceof SetupError)) {
    console.error("\nSet-up failed in a way it does not know:");
    console.error(error);
    return;
  }
  const tail = error.showLog ? logTail() : "";
  if (tail !== "") console.error(`\nLast lines of ${LOG_FILE}:\n${tail.replace(/^/gm, "  | ")}`);
  console.error(`\nSet-up stops: ${error.message}`);
  for (const line of error.advice) console.error(`  ${line}`);
}
