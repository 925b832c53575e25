/** Keys that are pressed at the board. */
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream } from "node:tty";
import { ownJob, type TerminalJob } from "./terminal-job.js";

export interface KeyListeners {
  /** Turns so many pages, back where it is below 0. */
  onPages(count: number): void;
  /** Ctrl-C, which sends no signal while keys are listened to; or the terminal is gone. */
  onStop(): void;
}

/** By the names that Node gives keys. */
const PAGES: ReadonlyMap<string, number> = new Map([
  ...["n", "space", "right", "pagedown"].map((key): [string, number] => [key, 1]),
  ...["p", "left", "pageup"].map((key): [string, number] => [key, -1]),
  ["home", Number.NEGATIVE_INFINITY],
]);

/**
 * @returns what ends the listening, and leaves the terminal as it was; where `input` is no terminal, or is another job's, nothing
 *   is listened to
 */
export function listenToKeys(
  input: ReadStream,
  { onPages, onStop }: KeyListeners,
  job: TerminalJob = ownJob,
): () => void {
  if (!input.isTTY || !job.isForeground()) return () => {};
  const take = (_: string | undefined, { name = "", ctrl }: Key) => {
    if (ctrl === true) {
      if (name === "c") onStop();
      return;
    }
    const count = PAGES.get(name);
    if (count !== undefined) onPages(count);
  };
  emitKeypressEvents(input);
  input.setRawMode(true);
  input.on("keypress", take);
  input.on("error", onStop);
  input.resume();
  return () => {
    input.off("keypress", take);
    input.setRawMode(false);
    input.pause();
  };
}
