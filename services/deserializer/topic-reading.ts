/** How the records of one topic become observations, by all the settings that differ by topic. */
import { bySeriesTopic } from "../../shared/contract/topics.js";
import type { RegistryAccess } from "../../shared/registry/registry-http.js";
import type { OutputTopic } from "../../shared/service-definition.js";
import { valueFor } from "../../shared/topic-setting.js";
import { type FormatSettings, isEncoded, type MissingRule, namedFormat, spreadTopics } from "./format-settings.js";
import { type LagSettings, type TopicLags, topicLags } from "./lag-settings.js";
import { namedReader } from "./named-record.js";
import { parseObservation } from "./observation-text.js";
import type { ParsedRecord } from "./parsed-record.js";
import { rawSchemas } from "./raw-schemas.js";

/** Of the settings, what records are read by. */
export type ReadingSettings = LagSettings &
  FormatSettings &
  // The kernel's: they are there wherever a topic's records are encoded.
  Partial<RegistryAccess> & { readonly inputTopics: readonly string[]; readonly featuresMax: number };

export interface TopicReading {
  /** The raw topic that the records are of: another one where they were brought to the partitions of their series. */
  readonly raw: string;
  /** Where records are to be brought first; undefined where they are in the partition of their series, or are taken to be. */
  readonly bySeries: OutputTopic<Buffer> | undefined;
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

/** @param application `<APPLICATION_ID>-<service>` */
export function topicReading(settings: ReadingSettings, topic: string, application: string): TopicReading {
  let readings = readingsOf.get(settings);
  if (readings === undefined) {
    readings = new Map();
    readingsOf.set(settings, readings);
  }
  let reading = readings.get(topic);
  if (reading === undefined) {
    reading = newReading(settings, topic, application);
    readings.set(topic, reading);
  }
  return reading;
}

function newReading(settings: ReadingSettings, topic: string, application: string): TopicReading {
  const spread = spreadTopics(settings);
  const brought = spread.find((raw) => bySeriesTopic(application, raw).name === topic);
  const raw = brought ?? topic;
  const lags = topicLags(settings, raw);
  const missing = valueFor(settings.inputMissing, raw, "reject");
  const format = namedFormat(settings, raw);
  const schemas = isEncoded(settings, raw) ? rawSchemas(settings) : undefined;
  const decoded = (value: Buffer | null) => (value === null || schemas === undefined ? value : schemas.json(value));
  if (format !== undefined) {
    const readNamed = namedReader(format);
    const read = (value: Buffer | null) => readNamed(decoded(value));
    return {
      raw,
      bySeries: spread.includes(topic) ? bySeriesTopic(application, topic) : undefined,
      isUsual: false,
      missing,
      lags,
      read: brought === undefined ? read : (value) => withKeyOf(read(value)),
      target: format.target.name,
      fieldOf: (place) => format.features[place].name,
    };
  }
  const featuresMax = settings.featuresMax - lags.added;
  const rules = { featuresMin: lags.added === 0 ? 1 : 0, takesNulls: missing !== "reject" } as const;
  return {
    raw,
    bySeries: undefined,
    isUsual: lags.added === 0 && missing !== "last" && schemas === undefined,
    missing,
    lags,
    read: (value) => ({
      series: undefined,
      timestamp: undefined,
      ...parseObservation(decoded(value), featuresMax, rules),
    }),
    target: "y",
    fieldOf: (place) => `x${place + 1}`,
  };
}

/** A record that was brought to the partition of its series has the series as its key, whatever the settings say by now. */
function withKeyOf(parsed: ParsedRecord | undefined): ParsedRecord | undefined {
  return parsed && { ...parsed, series: undefined };
}
