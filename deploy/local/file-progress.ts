/** How far the race of a file is, for people: pure. */
import cliProgress from "cli-progress";
import type { Replay } from "./replay-question.js";

/** What is known of a file on its way to forecasts. */
export interface FileProgress extends Replay {
  /** As a person would type it. */
  readonly name: string;
  /** Of the file, as it lies on disk; 0 where that is not known. */
  readonly bytes: number;
  /** Records sent that some service has not worked on yet, by what the services tell; they learn of records some seconds later. */
  readonly lag: number;
  /** Whether every row is forecast. */
  readonly forecast: boolean;
}

const BAR_CHARACTERS = 30;
const BAR = {
  barsize: BAR_CHARACTERS,
  barCompleteString: "█".repeat(BAR_CHARACTERS),
  barIncompleteString: "░".repeat(BAR_CHARACTERS),
  barGlue: "",
};

/**
 * The part that is done, 0 to 1. While the file is read, its bytes say how many rows are to come. It stays below 1 until every row is
 * forecast: that nothing is left is not for a lag to say.
 */
export function fractionOf({ bytes, readBytes, sent, lag, done, forecast }: FileProgress): number {
  if (forecast) return 1;
  const read = done ? 1 : Math.min(1, readBytes / Math.max(1, bytes));
  return Math.min(0.999, sent === 0 ? 0 : (read * Math.max(0, sent - lag)) / sent);
}

/** A bar for a board. */
export function progressBar(progress: FileProgress): string {
  return `${cliProgress.Format.BarFormat(fractionOf(progress), BAR)} ${progressText(progress)}`;
}

/** The same in words, for a log. */
export function progressText(progress: FileProgress): string {
  const { name, rows, sent, lag, done, forecast } = progress;
  const percent = Math.floor(100 * fractionOf(progress));
  const waits = done && lag === 0 && !forecast ? "; waiting for the last forecasts" : "";
  const refused = rows === sent ? "" : `, ${count(rows - sent)} refused`;
  const worked = count(Math.max(0, sent - lag));
  return `${name} ${percent} %: ${worked} of ${count(sent)} rows${done ? "" : " sent so far"}${refused}${waits}`;
}

/**
 * What became of the file, in one line.
 * @param finished rows of it at the end of an earlier run; undefined where none came to an end
 */
export function progressSummary(
  { name, rows, sent, refused, done }: FileProgress,
  finished: number | undefined,
): string {
  const reasons = Object.entries(refused).map(([reason, number]) => `${reason} ${count(number)}`);
  const missed = rows === sent ? "none refused" : `${count(rows - sent)} refused (${reasons.join(", ")})`;
  const nothing = done && finished === rows ? "; nothing to do: all was forecast in an earlier run" : "";
  return `${name}: ${count(rows)} rows read, ${count(sent)} sent, ${missed}${nothing}${done ? "" : "; not at its end"}.`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
