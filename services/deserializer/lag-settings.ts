/** Settings of the features that the deserializer makes from earlier records and from the time. */
import { type Settings, setting } from "../../shared/config.js";
import { splitList, textSetting, wholeNumber } from "../../shared/setting-kinds.js";
import { CALENDAR_PART_FEATURES, CALENDAR_PARTS, type CalendarPart } from "./calendar.js";

/** Most lags of one number. */
const LAGS_MAX = 1000;
/** Most lags of a series in all: its state is 16 bytes for each, and has to fit in a record of its changelog. */
const LAGS_TOTAL_MAX = 10_000;
/** Features are numbered from 1; no series has more. */
const FEATURE_MAX = 100_000;

/** So many lags of one feature. */
export interface FeatureLags {
  /** Its number among the record's own features, from 1. */
  readonly feature: number;
  /** 1 and more. */
  readonly count: number;
}

export const lagSettings = {
  lags: setting("LAGS", wholeNumber(0, LAGS_MAX), {
    default: "0",
    doc: "So many last values of y of the series become features",
  }),
  lagsOf: setting("LAGS_OF", textSetting(readLagsOf, lagsOfExpected()), {
    default: "",
    doc: "Features whose last values become features too, `feature:count,...`; features are numbered from 1",
  }),
  calendar: setting("CALENDAR", textSetting(readCalendar, `different ones of ${CALENDAR_PARTS.join(", ")}`), {
    default: "",
    doc: "What of the record's time becomes features, in UTC: `hour`, `weekday`, `month`",
  }),
};

export type LagSettings = Settings<typeof lagSettings>;

/** Features that are added to the record's own. */
export function addedFeatures({ lags, lagsOf, calendar }: LagSettings): number {
  return lags + lagsOf.reduce((sum, { count }) => sum + count, 0) + CALENDAR_PART_FEATURES * calendar.length;
}

/** Faults of these settings together, as sentences. */
export function lagFaults(settings: Partial<LagSettings & { readonly featuresMax: number }>): readonly string[] {
  const { lags, lagsOf, calendar, featuresMax } = settings;
  if (lags === undefined || lagsOf === undefined || calendar === undefined || featuresMax === undefined) return [];
  const added = addedFeatures({ lags, lagsOf, calendar });
  const ofLags = added - CALENDAR_PART_FEATURES * calendar.length;
  const faults: string[] = [];
  if (ofLags > LAGS_TOTAL_MAX)
    faults.push(`LAGS and LAGS_OF make ${ofLags} features: at most ${LAGS_TOTAL_MAX} are kept`);
  if (added > featuresMax) {
    faults.push(`LAGS, LAGS_OF and CALENDAR make ${added} features, more than FEATURES_MAX, which is ${featuresMax}`);
  }
  return faults;
}

function lagsOfExpected(): string {
  return `different features with their counts, such as 1:3,4:1, with features from 1 and counts from 1 to ${LAGS_MAX}`;
}

function readLagsOf(text: string): readonly FeatureLags[] | undefined {
  if (text === "") return [];
  const parts = splitList(text).map((part) => /^([0-9]{1,6}):([0-9]{1,4})$/.exec(part));
  const read = parts.map((part) => ({ feature: Number(part?.[1]), count: Number(part?.[2]) }));
  const isValid = read.every(
    ({ feature, count }) => feature >= 1 && feature <= FEATURE_MAX && count >= 1 && count <= LAGS_MAX,
  );
  const isDistinct = new Set(read.map(({ feature }) => feature)).size === read.length;
  return isValid && isDistinct ? read : undefined;
}

function readCalendar(text: string): readonly CalendarPart[] | undefined {
  if (text === "") return [];
  const names = splitList(text);
  const parts = names.flatMap((name) => CALENDAR_PARTS.find((part) => part === name) ?? []);
  return parts.length === names.length && new Set(parts).size === parts.length ? parts : undefined;
}
