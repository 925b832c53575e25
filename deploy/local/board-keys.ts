/** Keys that are pressed at the board. */
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream } from "node:tty";
import { ownJob, type TerminalJob } from "./terminal-job.js";

export interface KeyListeners {
  /** Turns so many pages, back where it is below 0. */
  onPages(count: number): void;
  /** Ctrl-C, after which nothing is listened to; or the terminal is gone. */
  onStop(): void;
  /** The terminal is about to be left to a shell: for a while at Ctrl-Z, for good at Ctrl-\. */
  onLeave(): void;
}

/** By the names that Node gives keys. */
const PAGES: ReadonlyMap<string, number> = new Map([
  ...["n", "space", "right", "pagedown"].map((key): [string, number] => [key, 1]),
  ...["p", "left", "pageup"].map((key): [string, number] => [key, -1]),
  ["home", Number.NEGATIVE_INFINITY],
]);

/** Keys of which the terminal itself makes a signal, unless keys are listened to. */
const CTRL_C = "\x03";
const SIGNALS: ReadonlyMap<string, "SIGQUIT" | "SIGTSTP"> = new Map([
  ["\x1c", "SIGQUIT"],
  ["\x1a", "SIGTSTP"],
]);

/**
 * Listens while this job is in the foreground of its terminal, and again when a shell continues it there after a stop. One that
 * runs in the background and is fetched from there is told nothing: its keys turn no pages, and Ctrl-C is a signal.
 * @returns what ends the listening, and leaves the terminal as it was; where `input` is no terminal nothing is listened to
 */
export function listenToKeys(
  input: ReadStream,
  { onPages, onStop, onLeave }: KeyListeners,
  job: TerminalJob = ownJob,
): () => void {
  if (!input.isTTY) return () => {};
  let listening = false;
  const begin = () => {
    if (listening || !job.isForeground()) return;
    listening = true;
    emitKeypressEvents(input);
    // A shell may have set another mode meanwhile; Node sets one only where it does not take it for set.
    input.setRawMode(false);
    input.setRawMode(true);
    input.on("keypress", take);
    input.resume();
  };
  const pause = () => {
    if (!listening) return;
    listening = false;
    input.off("keypress", take);
    if (job.isForeground()) input.setRawMode(false);
    input.pause();
  };
  const onContinue = () => {
    pause();
    begin();
  };
  const end = () => {
    process.off("SIGCONT", onContinue);
    pause();
  };
  const take = (_: string | undefined, { name = "", sequence = "", ctrl }: Key) => {
    const signal = SIGNALS.get(sequence);
    if (sequence === CTRL_C) {
      // A second one, and every other key that the terminal knows, does what it always does.
      end();
      onStop();
    } else if (signal !== undefined) {
      pause();
      onLeave();
      job.signal(signal);
      // Stopped, it goes on from here; where no shell could continue it, it was not stopped.
      if (signal === "SIGTSTP") begin();
    } else if (ctrl !== true) {
      const count = PAGES.get(name);
      if (count !== undefined) onPages(count);
    }
  };
  process.on("SIGCONT", onContinue);
  input.on("error", onStop);
  begin();
  return end;
}
