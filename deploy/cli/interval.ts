/** Batch intervals: multiples of a length since 1970, as in Spark Streaming. A batch is named by the time of its end. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^([0-9]{1,9})(ms|s|m|h|d)$/;
const INTERVAL_MS_MIN = 100;
const INTERVAL_MS_MAX = 24 * 3_600_000;

/** The form of an interval's text, in words. */
export const INTERVAL_EXPECTED = "a whole number and ms, s, m or h, from 100ms to 24h, for example 10s";

/** An interval that is under way. */
export interface Interval {
  /** Its end, which names its batch: milliseconds since 1970, a multiple of the interval's length. */
  readonly time: number;
  /** Milliseconds from now until it is closed. */
  readonly waitMs: number;
}

/** @returns milliseconds, undefined where `text` is not {@link INTERVAL_EXPECTED} */
export function parseInterval(text: string): number | undefined {
  const lengthMs = text.endsWith("d") ? undefined : durationMs(text);
  return lengthMs !== undefined && lengthMs >= INTERVAL_MS_MIN && lengthMs <= INTERVAL_MS_MAX ? lengthMs : undefined;
}

/** A length of time: a whole number and ms, s, m, h or d. @returns milliseconds, undefined where `text` is none */
export function durationMs(text: string): number | undefined {
  const [, digits, unit = ""] = DURATION.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : Number(digits) * unitMs;
}

/**
 * The interval that is under way at `nowMs`, after the batch of `previousTime`.
 *
 * Times only grow, whatever the clock does: where the clock's own interval has a batch already, after a restart in its middle or
 * after the clock was set back, the next one is used. A clock that was set back far is not waited for: no interval lasts longer
 * than twice its length.
 *
 * @param nowMs        milliseconds since 1970
 * @param previousTime time of the last batch, 0 where there was none
 */
export function nextInterval(nowMs: number, previousTime: number, lengthMs: number): Interval {
  const time = (Math.floor(Math.max(nowMs, previousTime) / lengthMs) + 1) * lengthMs;
  return { time, waitMs: Math.min(time - nowMs, 2 * lengthMs) };
}

/** Three lines as Spark's pprint writes them: the batch's local time to the second, or to the millisecond where it has some. */
export function intervalHeading(time: number): string {
  const date = new Date(time);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  const fraction = time % 1000 === 0 ? "" : `.${String(time % 1000).padStart(3, "0")}`;
  const rule = "-".repeat(43);
  return `${rule}\nTime: ${day} ${clock}${fraction}\n${rule}\n`;
}
