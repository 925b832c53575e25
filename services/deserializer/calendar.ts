/**
 * What the calendar says of a record's time, in UTC, as features. A position k in a cycle of P is the two numbers
 * sin(2πk/P), cos(2πk/P): the end of a cycle is as near to its beginning as any two neighbours are, and a linear model can take
 * any wave of that length for a forecast. As one number, 23 h and 0 h would be farthest apart.
 */
import { RecordError } from "../../shared/errors.js";

/** The cycles: their length, and the place of a time in them, from 0 on. */
const CYCLES = {
  /** Hour of the day; minutes do not count. */
  hour: { length: 24, place: (time: Date) => time.getUTCHours() },
  /** Day of the week, Monday first. */
  weekday: { length: 7, place: (time: Date) => (time.getUTCDay() + 6) % 7 },
  /** Month of the year, January first. */
  month: { length: 12, place: (time: Date) => time.getUTCMonth() },
} as const;

export type CalendarPart = keyof typeof CYCLES;

export const CALENDAR_PARTS = Object.keys(CYCLES) as readonly CalendarPart[];

/** Features that a part becomes. */
export const CALENDAR_PART_FEATURES = 2;

/**
 * The features of a time: sine and cosine of each part, in the order of the parts.
 * @param timestamp ms since the epoch
 * @throws {RecordError} `no-time`: the record has none (-1), or one that no calendar has
 */
export function calendarFeatures(timestamp: number, parts: readonly CalendarPart[]): number[] {
  if (parts.length === 0) return [];
  const time = new Date(timestamp);
  if (timestamp === -1 || Number.isNaN(time.getTime())) {
    throw new RecordError("no-time", "expected a record with a timestamp, as CALENDAR needs it, got one without");
  }
  return parts.flatMap((part) => {
    const { length, place } = CYCLES[part];
    const angle = (2 * Math.PI * place(time)) / length;
    return [Math.sin(angle), Math.cos(angle)];
  });
}
