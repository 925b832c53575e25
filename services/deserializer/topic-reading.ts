/** How the raw records of one topic become observations, by all the settings that differ by topic. */
import { type FormatSettings, type MissingRule, namedFormat } from "./format-settings.js";
import { type LagSettings, type TopicLags, topicLags } from "./lag-settings.js";
import { namedReader } from "./named-record.js";
import { parseObservation } from "./observation-text.js";
import type { ParsedRecord } from "./parsed-record.js";
import { valueFor } from "./topic-setting.js";

/** Of the settings, what records are read by. */
export type ReadingSettings = LagSettings & FormatSettings & { readonly featuresMax: number };

export interface TopicReading {
  /** Whether a record of the usual form is an observation as it stands, and nothing but its order is to be remembered. */
  readonly isUsual: boolean;
  readonly missing: MissingRule;
  readonly lags: TopicLags;
  /**
   * @returns undefined for the header of a file
   * @throws {RecordError} with an ObservationFault, or a FieldError with a FieldFault
   */
  read(value: Buffer | null): ParsedRecord | undefined;
  /** Names the target. */
  readonly target: string;
  /** Names a feature by its place, from 0. */
  fieldOf(place: number): string;
}

/** By the settings of a process, which are read once, and by topic. */
const readingsOf = new WeakMap<ReadingSettings, Map<string, TopicReading>>();

export function topicReading(settings: ReadingSettings, topic: string): TopicReading {
  let readings = readingsOf.get(settings);
  if (readings === undefined) {
    readings = new Map();
    readingsOf.set(settings, readings);
  }
  let reading = readings.get(topic);
  if (reading === undefined) {
    reading = newReading(settings, topic);
    readings.set(topic, reading);
  }
  return reading;
}

function newReading(settings: ReadingSettings, topic: string): TopicReading {
  const lags = topicLags(settings, topic);
  const missing = valueFor(settings.inputMissing, topic, "reject");
  const format = namedFormat(settings, topic);
  if (format !== undefined) {
    const fieldOf = (place: number) => format.features[place].name;
    return { isUsual: false, missing, lags, read: namedReader(format), target: format.target.name, fieldOf };
  }
  const featuresMax = settings.featuresMax - lags.added;
  const rules = { featuresMin: lags.added === 0 ? 1 : 0, takesNulls: missing !== "reject" } as const;
  return {
    isUsual: lags.added === 0 && missing !== "last",
    missing,
    lags,
    read: (value) => ({ ...parseObservation(value, featuresMax, rules), series: undefined, timestamp: undefined }),
    target: "y",
    fieldOf: (place) => `x${place + 1}`,
  };
}
