/** The deserializer: raw text in, observations out. */
import { CommittedCounter } from "../../shared/committed-counter.js";
import { setting } from "../../shared/config.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, observationsTopic } from "../../shared/contract/topics.js";
import type { ProcessorService } from "../../shared/service-definition.js";
import { TOPIC_NAME_LENGTH_MAX, topicList, wholeNumber } from "../../shared/setting-kinds.js";
import { formatFaults, formatSettings } from "./format-settings.js";
import { lagFaults, lagSettings } from "./lag-settings.js";
import { type DeserializerStates, deserialize, type SeriesMetrics } from "./processor.js";
import { seriesCodec } from "./series-state.js";

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
  outputs: ({ inputTopics }) => inputTopics.map(observationsTopic),
  stores: { series: seriesCodec },
  metrics: (registry) => ({
    gaps: new CommittedCounter(registry, {
      name: "regatta_series_gaps_total",
      help: "Times that the i of a series rose by more than 1",
      labelNames: ["topic"],
    }),
    repeats: new CommittedCounter(registry, {
      name: "regatta_series_repeats_total",
      help: "Times that the i of a series came again",
      labelNames: ["topic"],
    }),
    stepsBack: new CommittedCounter(registry, {
      name: "regatta_series_steps_back_total",
      help: "Times that the i of a series fell",
      labelNames: ["topic"],
    }),
    misplaced: new CommittedCounter(registry, {
      name: "regatta_series_misplaced_total",
      help: "Series that began in another partition than Kafka's own partitioner gives their key",
      labelNames: ["topic"],
    }),
    warmingUp: new CommittedCounter(registry, {
      name: "regatta_warming_up_total",
      help: "Records that were kept for lags and not forwarded, since their series had too few values yet",
      labelNames: ["topic"],
    }),
    fields: new CommittedCounter(registry, {
      name: "regatta_input_fields_total",
      help: "Records that were refused or passed over for one of their fields, by what was wrong with it",
      labelNames: ["topic", "field", "reason"],
    }),
  }),
  process: deserialize,
};
