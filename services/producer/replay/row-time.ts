/** The time in a cell, as the timestamp of the record that the row becomes. */
import { TIME_MAX_MS } from "../../../shared/record-time.js";
import { epochTimeMs, isoTimeMs, type TimeUnit } from "../../../shared/time-text.js";
import { cellNumber, type DecimalMark } from "./number-text.js";

/** How times are written. */
export interface TimeForm {
  readonly unit: TimeUnit;
  readonly decimal: DecimalMark;
}

/**
 * Whole ms since the epoch, parts of one cut off; NaN where the cell holds no time. Kafka takes a timestamp of -1 for none, and its
 * client one of 0: these two are moved by a millisecond.
 */
export function rowTime(cell: string, { unit, decimal }: TimeForm): number {
  const ms = unit === "iso" ? isoTimeMs(cell.trim()) : epochTime(cell, unit, decimal);
  if (!(Math.abs(ms) <= TIME_MAX_MS)) return Number.NaN;
  if (ms === -1) return -2;
  return ms === 0 ? 1 : ms;
}

function epochTime(cell: string, unit: Exclude<TimeUnit, "iso">, decimal: DecimalMark): number {
  const number = cellNumber(cell, decimal);
  return "text" in number ? epochTimeMs(Number(number.text), unit) : Number.NaN;
}
