/** Reads times as people and systems write them. */

export const timeUnits = ["iso", "s", "ms", "us"] as const;
/** `iso`: ISO 8601, UTC where it says nothing else; or the time since 1970 in seconds, milliseconds or microseconds. */
export type TimeUnit = (typeof timeUnits)[number];

const ISO_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?:Z|([+-])(\d\d):?(\d\d))?$/;
const PER_MS = { s: 1000, ms: 1, us: 0.001 } as const;

/** A time of ISO 8601 in whole ms since the epoch, parts of one cut off; NaN where the text is no time, or a day or an hour that there is not. */
export function isoTimeMs(text: string): number {
  const parts = ISO_TIME.exec(text);
  if (parts === null) return Number.NaN;
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const ms = Math.floor(Number(`0.${parts[7] ?? 0}`) * 1000 + 1e-6);
  const date = new Date(Date.UTC(year, month - 1, day));
  date.setUTCFullYear(year);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return Number.NaN;
  const offset = (parts[8] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + ms;
}

/** A number of units since 1970 in whole ms, parts of one cut off. */
export function epochTimeMs(number: number, unit: Exclude<TimeUnit, "iso">): number {
  return Math.floor(unit === "us" ? number / 1000 : number * PER_MS[unit]);
}
