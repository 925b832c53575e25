/** What the deserializer counts of series: how their records follow one another, where they lie, and what was wrong with their fields. */
import type { Registry } from "prom-client";
import { CommittedCounter } from "../../shared/committed-counter.js";
import { partitionOfKey } from "../../shared/partitioner.js";
import type { InputRecord, TaskContext } from "../../shared/service-definition.js";

/** By raw topic. */
export interface SeriesMetrics {
  readonly gaps: CommittedCounter<"topic">;
  readonly repeats: CommittedCounter<"topic">;
  readonly stepsBack: CommittedCounter<"topic">;
  readonly misplaced: CommittedCounter<"topic">;
  readonly warmingUp: CommittedCounter<"topic">;
  readonly fields: CommittedCounter<"topic" | "field" | "reason">;
}

export function newSeriesMetrics(registry: Registry): SeriesMetrics {
  return {
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
      help: "Records that were kept for lags or last values and not forwarded, since their series had too few values yet",
      labelNames: ["topic"],
    }),
    fields: new CommittedCounter(registry, {
      name: "regatta_input_fields_total",
      help: "Records that were refused, passed over or filled for one of their fields, by what was wrong with it",
      labelNames: ["topic", "field", "reason"],
    }),
  };
}

/** Counts an i that does not follow the last one of its series. */
export function countOrder(metrics: SeriesMetrics, topic: string, lastI: number, i: number): void {
  if (i === lastI + 1) return;
  if (i > lastI) metrics.gaps.inc({ topic });
  else if (i === lastI) metrics.repeats.inc({ topic });
  else metrics.stepsBack.inc({ topic });
}

/**
 * Tells a series in another partition than Kafka's own partitioner chooses. A series in two partitions is two series to all
 * readers, each with an order of its own; at least one of those partitions is not the one that Kafka's partitioner gives the name.
 * This is checked where a series begins in a partition, so each case is reported once, and nothing has to be remembered for it.
 */
export function reportMisplaced(
  { key, partition }: InputRecord,
  topic: string,
  series: string,
  { partitions, metrics, warn }: TaskContext<unknown, unknown, SeriesMetrics>,
): void {
  // Without a key the partition itself is the series, unless a field names it.
  if (key === null && series === `${topic}/${partition}`) return;
  const expected = partitionOfKey(Buffer.from(series), partitions);
  if (expected === partition) return;
  metrics.misplaced.inc({ topic });
  warn(
    { topic, series, partition, expected },
    "series begins in another partition than Kafka's partitioner (murmur2) gives its key: if another writer sends it too, it lies in two " +
      "partitions, and each is forecast by itself. Give all writers one partitioner",
  );
}
