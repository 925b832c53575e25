/** The deserializer: raw text in, observations out. */
import { setting } from "../../shared/config.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, observationsTopic } from "../../shared/contract/topics.js";
import type { ProcessorService } from "../../shared/service-definition.js";
import { TOPIC_NAME_LENGTH_MAX, topicList, wholeNumber } from "../../shared/setting-kinds.js";
import { formatFaults, formatSettings, spreadTopics } from "./format-settings.js";
import { lagFaults, lagSettings } from "./lag-settings.js";
import { type DeserializerStates, deserialize } from "./processor.js";
import { fetchSchemas } from "./raw-schemas.js";
import { seriesCodec } from "./series-codec.js";
import { newSeriesMetrics, type SeriesMetrics } from "./series-metrics.js";

const RAW_TOPIC_LENGTH_MAX = TOPIC_NAME_LENGTH_MAX - observationsTopic("").name.length;
const FEATURES_MAX = 100_000;

const deserializerSettings = {
  inputTopics: setting("INPUT_TOPICS", topicList(RAW_TOPIC_LENGTH_MAX), {
    default: `${LINEAR_TOPIC},${NON_LINEAR_TOPIC}`,
    doc: "Topics to read",
  }),
  featuresMax: setting("FEATURES_MAX", wholeNumber(1, FEATURES_MAX), {
    default: "1000",
    doc: "Most features of an observation; a record with more is rejected",
  }),
  ...lagSettings,
  ...formatSettings,
};

export const deserializer: ProcessorService<typeof deserializerSettings, DeserializerStates, SeriesMetrics> = {
  kind: "processor",
  name: "deserializer",
  settings: deserializerSettings,
  check: (settings) => [...lagFaults(settings), ...formatFaults(settings)],
  inputs: ({ inputTopics }) => inputTopics,
  repartitioned: spreadTopics,
  outputs: ({ inputTopics }) => inputTopics.map(observationsTopic),
  stores: { series: seriesCodec },
  metrics: newSeriesMetrics,
  fetch: fetchSchemas,
  process: deserialize,
};
