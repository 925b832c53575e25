/** One raw record in, one observation out, or a refusal. */
import { isUtf8 } from "node:buffer";
import type { CommittedCounter } from "../../shared/committed-counter.js";
import { refuseOtherFeatures } from "../../shared/contract/features.js";
import { SERIES_BYTES_MAX } from "../../shared/contract/observation-record.js";
import { observationsTopic } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import { partitionOfKey } from "../../shared/partitioner.js";
import { type InputRecord, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { parseObservation } from "./observation-text.js";
import type { SeriesState } from "./series-state.js";

/** Why a record that is an observation is refused all the same, or its key is. */
export type SeriesFault = "key-not-utf8" | "key-too-long" | "features-changed";

export interface DeserializerStates {
  readonly series: SeriesState;
}

/** How often the i of a series did not follow its last one, and a series began in another partition than its key's, by raw topic. */
export interface SeriesMetrics {
  readonly gaps: CommittedCounter<"topic">;
  readonly repeats: CommittedCounter<"topic">;
  readonly stepsBack: CommittedCounter<"topic">;
  readonly misplaced: CommittedCounter<"topic">;
}

/**
 * Parses a raw record and forwards it as an observation of its series. The first observation of a series decides the
 * number of its features. An i that does not follow the last one is counted and forwarded all the same.
 * @throws {RecordError} before anything is changed, with an ObservationFault or a {@link SeriesFault} as its reason
 */
export function deserialize(
  record: InputRecord,
  context: TaskContext<{ readonly featuresMax: number }, DeserializerStates, SeriesMetrics>,
): void {
  const { topic } = record;
  const series = seriesOf(record);
  const { i, y, x } = parseObservation(record.value, context.settings.featuresMax);
  const store = context.stores.series;
  const key = stateKey(topic, series);
  const before = store.get(key);
  if (before !== undefined)
    refuseOtherFeatures(before.features, x.length, ", as in the first observation of the series");
  // First, since forward refuses a result that is too large for Kafka, and nothing may have changed by then.
  context.forward(observationsTopic(topic), series, { topic, series, i, y, x });
  if (before === undefined) {
    store.put(key, { features: x.length, lastI: i });
    if (isMisplaced(record, context.partitions)) reportMisplaced(record, series, context);
  } else {
    countOrder(context.metrics, topic, before.lastI, i);
    before.lastI = i;
    store.put(key, before);
  }
}

/** The record's key, or `<topic>/<partition>` where it has none. */
function seriesOf({ key, topic, partition }: InputRecord): string {
  if (key === null) return `${topic}/${partition}`;
  if (key.length > SERIES_BYTES_MAX) {
    throw seriesFault("key-too-long", `expected a key of at most ${SERIES_BYTES_MAX} bytes, got ${key.length}`);
  }
  if (!isUtf8(key)) throw seriesFault("key-not-utf8", "expected a key in UTF-8, got bytes that are none");
  return key.toString("utf8");
}

/**
 * Whether another partitioner than Kafka's own chose the record's partition. A series in two partitions is two series to all
 * readers, each with an order of its own; at least one of those partitions is not the one that Kafka's partitioner gives the key.
 * This is checked where a series begins in a partition, so each case is reported once, and nothing has to be remembered for it.
 */
function isMisplaced({ key, partition }: InputRecord, partitions: number): boolean {
  return key !== null && partitionOfKey(key, partitions) !== partition;
}

function reportMisplaced(
  { key, topic, partition }: InputRecord,
  series: string,
  { partitions, metrics, warn }: TaskContext<unknown, DeserializerStates, SeriesMetrics>,
): void {
  metrics.misplaced.inc({ topic });
  const expected = partitionOfKey(key ?? Buffer.alloc(0), partitions);
  warn(
    { topic, series, partition, expected },
    "series begins in another partition than Kafka's partitioner (murmur2) gives its key: if another writer sends it too, it lies in two " +
      "partitions, and each is forecast by itself. Give all writers one partitioner",
  );
}

function countOrder(metrics: SeriesMetrics, topic: string, lastI: number, i: number): void {
  if (i === lastI + 1) return;
  if (i > lastI) metrics.gaps.inc({ topic });
  else if (i === lastI) metrics.repeats.inc({ topic });
  else metrics.stepsBack.inc({ topic });
}

function seriesFault(reason: SeriesFault, message: string): RecordError {
  return new RecordError(reason, message);
}
