/** Numbers, times and judgements as people read them. Pure. */
import type { Standing } from "../messages.js";

const NONE = "–";
const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const values = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const SECOND_MS = 1000;
const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86_400, 3600, "h"],
  [30 * 86_400, 86_400, "days"],
] as const;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A number of things. */
export function countText(count: number): string {
  return counts.format(count);
}

/** A number in four digits; a dash where there is none. */
export function valueText(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3).replaceAll("-", "−");
  return values.format(value).replace("-", "−");
}

/** A share in percent, with one digit where it is small. */
export function percentText(share: number | null | undefined): string {
  if (share === null || share === undefined) return NONE;
  const percent = 100 * share;
  if (Math.abs(percent) >= 1e5) return percent < 0 ? "< −99,999 %" : "> 99,999 %";
  const text = Math.abs(percent) < 9.95 ? percent.toFixed(1) : counts.format(percent);
  return `${text.replace("-", "−")} %`;
}

/** How long ago a time is; a date where that is more than a month, or in the future. */
export function agoText(atMs: number | null, nowMs: number): string {
  if (atMs === null) return "at an unknown time";
  const seconds = Math.round((nowMs - atMs) / SECOND_MS);
  if (seconds >= -5 && seconds < 5) return "just now";
  const step = STEPS.find(([below]) => seconds >= 0 && seconds < below);
  if (step !== undefined) return `${Math.floor(seconds / step[1])} ${step[2]} ago`;
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? "at an unknown time" : dates.format(date);
}

/** A name as it can be shown: characters that nobody would see, or that turn text around, are escaped. */
export function nameText(name: string): string {
  if (name === "") return "(empty name)";
  return name.replaceAll(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return `\\u${code.padStart(4, "0")}`;
  });
}

/** How sure it is that a champion is better than its challenger. */
export interface Sureness {
  readonly level: "alone" | "sure" | "open" | "doubtful";
  readonly title: string;
  readonly text: string;
}

/** @see docs/race.md for what gap and evidence mean */
export function surenessOf({ champion, challenger, lower, upper }: Standing): Sureness {
  if (challenger === null) return { level: "alone", title: "Alone", text: "No other model races here." };
  if (upper !== null && upper < 0) {
    return { level: "sure", title: "Sure", text: `${champion} is better than ${challenger} by more than luck.` };
  }
  if (lower !== null && lower > 0) {
    return { level: "doubtful", title: "In doubt", text: `${challenger} has been better than ${champion} lately.` };
  }
  return { level: "open", title: "Not sure", text: `${champion} and ${challenger} may be equally good.` };
}

/** How much less squared error one has than another, in words; undefined where that cannot be said. */
export function lessText(own: number | null | undefined, other: number | null | undefined): string | undefined {
  if (typeof own !== "number" || typeof other !== "number" || !(other > 0)) return undefined;
  const less = 1 - own / other;
  if (Math.abs(less) < 0.0005) return "equal";
  return less > 0 ? `${percentText(less)} less` : `${percentText(-less)} more`;
}
