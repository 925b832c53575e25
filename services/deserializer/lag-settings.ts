/** Settings of the features that the deserializer makes from earlier records and from the time. */
import { type Settings, setting } from "../../shared/config.js";
import { splitList, wholeNumber } from "../../shared/setting-kinds.js";
import { byTopic, strayTopics, valueFor } from "../../shared/topic-setting.js";
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

const LAG_COUNT = wholeNumber(0, LAGS_MAX);

export const lagSettings = {
  lags: setting("LAGS", byTopic(readLags, `a whole number from 0 to ${LAGS_MAX}`, { between: ";," }), {
    default: "0",
    doc: "So many last values of y of the series become features. This, LAGS_OF and CALENDAR hold by topic where that is wanted: `rawA:10;rawB:5`",
  }),
  lagsOf: setting("LAGS_OF", byTopic(readLagsOf, lagsOfExpected(), { hasColons: true }), {
    default: "",
    doc: "Features whose last values become features too, `feature:count,...`; features are numbered from 1",
  }),
  calendar: setting("CALENDAR", byTopic(readCalendar, `different ones of ${CALENDAR_PARTS.join(", ")}`), {
    default: "",
    doc: "What of the record's time becomes features, in UTC: `hour`, `weekday`, `month`",
  }),
};

export type LagSettings = Settings<typeof lagSettings>;

/** What is made for the records of one topic. */
export interface TopicLags {
  /** Last values of y. */
  readonly lags: number;
  readonly lagsOf: readonly FeatureLags[];
  readonly calendar: readonly CalendarPart[];
  /** Features that all of it adds to the record's own. */
  readonly added: number;
}

export function topicLags(settings: LagSettings, topic: string): TopicLags {
  const lags = valueFor(settings.lags, topic, 0);
  const lagsOf = valueFor(settings.lagsOf, topic, []);
  const calendar = valueFor(settings.calendar, topic, []);
  const ofFeatures = lagsOf.reduce((sum, { count }) => sum + count, 0);
  return { lags, lagsOf, calendar, added: lags + ofFeatures + CALENDAR_PART_FEATURES * calendar.length };
}

/** Faults of these settings together, as sentences. */
export function lagFaults({
  inputTopics = [],
  featuresMax,
  ...settings
}: Partial<
  LagSettings & { readonly inputTopics: readonly string[]; readonly featuresMax: number }
>): readonly string[] {
  const { lags, lagsOf, calendar } = settings;
  const faults = Object.entries(lagSettings).flatMap(([name, { env }]) =>
    strayTopics(env, settings[name as keyof LagSettings], inputTopics),
  );
  if (lags === undefined || lagsOf === undefined || calendar === undefined || featuresMax === undefined) return faults;
  for (const topic of inputTopics) {
    const { added, calendar: parts } = topicLags({ lags, lagsOf, calendar }, topic);
    const ofLags = added - CALENDAR_PART_FEATURES * parts.length;
    if (ofLags > LAGS_TOTAL_MAX)
      faults.push(`LAGS and LAGS_OF make ${ofLags} features for ${topic}: at most ${LAGS_TOTAL_MAX} are kept`);
    if (added > featuresMax) {
      faults.push(
        `LAGS, LAGS_OF and CALENDAR make ${added} features for ${topic}, more than FEATURES_MAX, which is ${featuresMax}`,
      );
    }
  }
  return faults;
}

function readLags(text: string): number | undefined {
  return LAG_COUNT.safeParse(text).data;
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
