/** stateful-estimator: values of each row, and statistics of all rows of a series so far. */
import { CommittedCounter } from "../../shared/committed-counter.js";
import { setting } from "../../shared/config.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, observationsTopic, topics } from "../../shared/contract/topics.js";
import type { ProcessorService } from "../../shared/service-definition.js";
import { topicList, wholeNumber } from "../../shared/setting-kinds.js";
import { newestSlots, RING_LENGTH_MAX, rowCodec } from "../../shared/state/row-ring.js";
import { type EstimatorMetrics, type EstimatorStates, processObservation } from "./processor.js";
import { seriesMetrics } from "./series-metrics.js";
import { seriesCodec } from "./series-state.js";

const DAY_MS = 86_400_000;

const settings = {
  inputTopics: setting("INPUT_TOPICS", topicList(), {
    default: [LINEAR_TOPIC, NON_LINEAR_TOPIC].map((raw) => observationsTopic(raw).name).join(","),
    doc: "topics of observations to read, comma-separated",
  }),
  batchIntervalMs: setting("BATCH_INTERVAL_MS", wholeNumber(1, DAY_MS), {
    default: "2000",
    doc: "length of the batch intervals that `count` is of, in ms of record time",
  }),
  matrixRows: setting("MATRIX_ROWS", wholeNumber(1, RING_LENGTH_MAX), {
    default: "100",
    doc: "newest rows of a series that are kept for reading; with a smaller number the oldest are dropped",
  }),
  metricsSeriesMax: setting("METRICS_SERIES_MAX", wholeNumber(0, 10_000), {
    default: "20",
    doc: "number of series whose mean and deviation of y are shown as metrics",
  }),
};

/** The service, for the kernel to run. */
export const statefulEstimator: ProcessorService<typeof settings, EstimatorStates, EstimatorMetrics> = {
  kind: "processor",
  name: "stateful-estimator",
  settings,
  inputs: ({ inputTopics }) => inputTopics,
  outputs: () => [topics.estimates],
  stores: { series: seriesCodec, matrix: rowCodec },
  slots: { matrix: ({ series }) => newestSlots(series, "matrix") },
  metrics: (registry) => ({
    ...seriesMetrics(registry),
    passedOver: new CommittedCounter(registry, {
      name: "regatta_rows_passed_over_total",
      help: "Observations without y (questions) or without x (labels): they are no rows",
      labelNames: ["lacks"],
    }),
  }),
  taskClosed: (partition, metrics) => metrics.hide(partition),
  process: processObservation,
};
