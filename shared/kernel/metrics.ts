/** What every service tells Prometheus. Names and labels are part of the product; see docs/operations.md. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { CommittedCounter } from "../committed-counter.js";

/** 1 ms to 10 s in 1-2.5-5 steps: a stream stage, not a web page. */
const STAGE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LONG_SECONDS = [...STAGE_SECONDS, 25, 50, 100, 300];

export type KernelMetrics = ReturnType<typeof createMetrics>;

/** A registry of metrics that bear both labels, with those of Node.js itself. */
export function createRegistry(service: string, application: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service, application });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Registers what the kernel counts and times. Gauges that are read at each scrape are in observe/gauges.ts. */
export function createMetrics(registry: Registry) {
  const metrics = createCounters(registry);
  // A series that is born with its first event has no increase at it: rates and alerts would miss the first.
  for (const reason of ["fenced", "failed"]) metrics.producerReplacements.inc({ reason }, 0);
  for (const cause of ["process-failed", "store-damaged", "thread-died", "long-job", "output-refused", "away", "kafka"])
    metrics.aborts.inc({ cause }, 0);
  for (const kind of ["assign", "revoke", "lost"]) metrics.rebalances.inc({ kind }, 0);
  for (const cause of ["empty", "behind"]) metrics.restores.inc({ cause }, 0);
  for (const outcome of ["committed", "failed"]) metrics.commitDuration.zero({ outcome });
  return { registry, ...metrics };
}

function createCounters(registry: Registry) {
  const registers = [registry];
  return {
    consumed: new CommittedCounter(registry, {
      name: "regatta_records_consumed_total",
      help: "Records processed",
      labelNames: ["topic"],
    }),
    produced: new CommittedCounter(registry, {
      name: "regatta_records_produced_total",
      help: "Records written",
      labelNames: ["topic"],
    }),
    deadLetters: new CommittedCounter(registry, {
      name: "regatta_dead_letters_total",
      help: "Records sent to dead-letters",
      labelNames: ["reason"],
    }),
    timestampsAhead: new CommittedCounter(registry, {
      name: "regatta_timestamps_ahead_total",
      help: "Records stamped in the future, whose results bear the time of processing",
      labelNames: ["topic"],
    }),
    headersLeft: new CommittedCounter(registry, {
      name: "regatta_headers_left_out_total",
      help: "Headers of input records that did not go along to results, since all of a record's are more than 8 KiB",
      labelNames: ["topic"],
    }),
    processDuration: new Histogram({
      name: "regatta_process_duration_seconds",
      help: "Time in process() for one consumed batch",
      buckets: STAGE_SECONDS,
      registers,
    }),
    batchRecords: new Histogram({
      name: "regatta_batch_records",
      help: "Records of a consumed batch",
      buckets: [1, 10, 50, 100, 250, 500, 1000],
      registers,
    }),
    commitDuration: new Histogram({
      name: "regatta_commit_duration_seconds",
      help: "Time from the end of processing to the store write, by outcome",
      labelNames: ["outcome"],
      buckets: STAGE_SECONDS,
      registers,
    }),
    endToEndLatency: new Histogram({
      name: "regatta_end_to_end_latency_seconds",
      help: "Age of the oldest raw record of a commit when its results became visible",
      buckets: LONG_SECONDS,
      registers,
    }),
    lastCommit: new Gauge({
      name: "regatta_last_commit_timestamp_seconds",
      help: "When the last commit succeeded",
      registers,
    }),
    producerReplacements: new Counter({
      name: "regatta_producer_replacements_total",
      help: "Producers thrown away after an error; fenced: void by another holder of the id, or by the transaction's timeout",
      labelNames: ["reason"],
      registers,
    }),
    consumerReplacements: new Counter({
      name: "regatta_consumer_replacements_total",
      help: "Consumers that were used up, and made anew as another member of the group",
      registers,
    }),
    aborts: new Counter({
      name: "regatta_aborts_total",
      help: "Times that uncommitted work was dropped and replayed",
      labelNames: ["cause"],
      registers,
    }),
    rebalances: new Counter({
      name: "regatta_rebalances_total",
      help: "Rebalance events",
      labelNames: ["kind"],
      registers,
    }),
    restores: new Counter({
      name: "regatta_restores_total",
      help: "Times a task's state was replayed from its changelog",
      labelNames: ["cause"],
      registers,
    }),
    restoreDuration: new Histogram({
      name: "regatta_restore_duration_seconds",
      help: "Time of a replay",
      buckets: LONG_SECONDS,
      registers,
    }),
    restoreRemaining: new Gauge({
      name: "regatta_restore_remaining_records",
      help: "Changelog offsets still to replay",
      labelNames: ["partition"],
      registers,
    }),
    restored: new Counter({ name: "regatta_restored_records_total", help: "Changelog records replayed", registers }),
    inputLost: new Counter({
      name: "regatta_input_records_lost_total",
      help: "Offsets of input records that were deleted before they were read, and skipped; before-first-read: of a raw topic, before this group came",
      labelNames: ["topic", "cause"],
      registers,
    }),
    partitionsUnread: new Gauge({
      name: "regatta_input_partitions_unread",
      help: "Partitions that were added to an input and are not read, since the service's state is not repartitioned",
      labelNames: ["topic"],
      registers,
    }),
    damagedStores: new Counter({
      name: "regatta_store_damages_total",
      help: "Folders moved aside because they could not be used",
      registers,
    }),
  };
}
