/** How far the race of a file is, for people: pure. */
import cliProgress from "cli-progress";

/** What is known of a file on its way to forecasts. */
export interface FileProgress {
  /** As a person would type it. */
  readonly name: string;
  /** Of the file, as it lies on disk. */
  readonly bytes: number;
  readonly bytesRead: number;
  /** Records sent that some service has not worked on yet, by what the services tell; they learn of records some seconds later. */
  readonly lag: number;
  /** Whether the file was read to its end and all its rows are committed. */
  readonly atEnd: boolean;
}

const BAR_CHARACTERS = 30;
const BAR = {
  barsize: BAR_CHARACTERS,
  barCompleteString: "█".repeat(BAR_CHARACTERS),
  barIncompleteString: "░".repeat(BAR_CHARACTERS),
  barGlue: "",
};

/**
 * The part that is done, 0 to 1. While the file is read, its bytes say how much is to come. It stays below 1: that nothing is left is
 * not for a lag to say.
 * @param forecast observations that are forecast
 */
export function fractionOf({ bytes, bytesRead, lag, atEnd }: FileProgress, forecast: number): number {
  const read = atEnd ? 1 : Math.min(1, bytesRead / Math.max(1, bytes));
  return Math.min(0.999, forecast === 0 ? 0 : (read * forecast) / (forecast + lag));
}

/** A bar for a board. */
export function progressBar(progress: FileProgress, forecast: number): string {
  return `${cliProgress.Format.BarFormat(fractionOf(progress, forecast), BAR)} ${progressText(progress, forecast)}`;
}

/** The same in words, for a log. */
export function progressText(progress: FileProgress, forecast: number): string {
  const { name, lag, atEnd } = progress;
  const percent = Math.floor(100 * fractionOf(progress, forecast));
  return `${name} ${percent} %: ${count(forecast)} rows forecast, ${count(lag)} to go${atEnd ? "" : " of those sent so far"}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
