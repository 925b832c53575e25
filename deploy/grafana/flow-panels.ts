/** Panels of what flows: records, errors, durations, lag, commits. */
import { lines, SERVICE, UNITS, WINDOW } from "./panels.js";
import { bars } from "./state-panels.js";

const THIRD = { width: 8, height: 8 };

/** Rate, errors and duration of every stage, from the raw topic to the right. */
export function ratePanels() {
  return [
    lines({
      title: "Records in",
      description: "Records processed per second, by service. A service whose line falls alone is the one to examine.",
      queries: [{ expr: `service:regatta_records_consumed:rate1m{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.recordsPerSecond,
      size: THIRD,
    }),
    lines({
      title: "Records out",
      description: "Records written per second, by topic.",
      queries: [
        {
          expr: `sum by (topic) (rate(regatta_records_produced_total{${SERVICE}}[${WINDOW}]))`,
          legend: "{{topic}}",
        },
      ],
      unit: UNITS.recordsPerSecond,
      size: THIRD,
    }),
    lines({
      title: "Dead letters",
      description:
        "Share of the records of a minute that were rejected, by service. None is normal; read them on the topic dead-letters.",
      queries: [{ expr: `service:regatta_dead_letters:ratio_rate1m{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.share,
      size: THIRD,
      limits: [
        { from: 0.01, color: "yellow" },
        { from: 0.5, color: "red" },
      ],
    }),
    lines({
      title: "Time in process(), p99",
      description: "99 of 100 batches were processed within this time (p99), by service.",
      queries: [{ expr: `service:regatta_process_duration_seconds:p99_rate5m{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.duration,
      size: THIRD,
    }),
    lines({
      title: "Time of a commit, p99",
      description:
        "99 of 100 commits, from the end of processing to the store write, took this time or less, by service.",
      queries: [{ expr: `service:regatta_commit_duration_seconds:p99_rate5m{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.duration,
      size: THIRD,
    }),
    lines({
      title: "End to end, p99",
      description:
        "99 of 100 commits made their results visible within this time of the oldest raw record in them, by service.",
      queries: [{ expr: `service:regatta_end_to_end_latency_seconds:p99_rate5m{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.seconds,
      size: THIRD,
      limits: [{ from: 60, color: "yellow" }],
    }),
    lines({
      title: "Lag in records",
      description: "Committed records that are not processed yet, by service. It reaches 0.",
      queries: [{ expr: `service:regatta_consumer_lag_records:sum{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Lag in seconds",
      description: "How long the oldest record that is not processed has waited, by service.",
      queries: [{ expr: `service:regatta_consumer_lag_seconds:max{${SERVICE}}`, legend: "{{service}}" }],
      unit: UNITS.seconds,
      size: THIRD,
      limits: [{ from: 60, color: "yellow" }],
    }),
    lines({
      title: "Tasks that stand",
      description:
        "How long a task has had records to process and got no further, the longest by service. From 10 s on /ready says which, and why.",
      queries: [{ expr: `max by (service) (regatta_task_standing_seconds{${SERVICE}})`, legend: "{{service}}" }],
      unit: UNITS.seconds,
      size: THIRD,
      limits: [{ from: 10, color: "red" }],
    }),
    bars({
      title: "Lag by partition",
      description:
        "Committed records that are not processed yet, in the ten partitions that lag most now. One alone: a series too busy for it.",
      queries: [
        {
          expr: `topk(10, sum by (service, topic, partition) (regatta_consumer_lag_records{${SERVICE}}))`,
          legend: "{{service}} {{topic}}[{{partition}}]",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Order of raw records",
      description:
        "Raw records per second whose i did not follow the one before in their series, and series that began in another partition than their key's. All are forecast all the same.",
      queries: [
        { expr: `sum(rate(regatta_series_gaps_total[${WINDOW}])) or vector(0)`, legend: "gaps" },
        { expr: `sum(rate(regatta_series_repeats_total[${WINDOW}])) or vector(0)`, legend: "repeats" },
        { expr: `sum(rate(regatta_series_steps_back_total[${WINDOW}])) or vector(0)`, legend: "steps back" },
        {
          expr: `sum(rate(regatta_series_misplaced_total[${WINDOW}])) or vector(0)`,
          legend: "in another partition",
        },
      ],
      unit: UNITS.recordsPerSecond,
      size: THIRD,
    }),
    lines({
      title: "Stamped ahead",
      description:
        "How far in the future the newest records are stamped, by service: the senders' clocks are ahead, and lag and latency too small.",
      queries: [
        {
          expr: `max by (service) (regatta_input_timestamp_ahead_seconds{${SERVICE}})`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.seconds,
      size: THIRD,
      limits: [{ from: 5, color: "yellow" }],
    }),
  ];
}

/** What was disturbed: processes, transactions, who owns which partition. */
export function commitPanels() {
  return [
    lines({
      title: "Restarts",
      description: "Processes that were started again where one had been, by service. A stop by hand is one too.",
      queries: [
        {
          expr: `sum by (service) (changes(process_start_time_seconds{job="regatta", ${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
      events: true,
    }),
    lines({
      title: "Failed commits",
      description: "Share of the transactions that failed, by service. What was in one is done again.",
      queries: [
        {
          expr: `sum by (service) (rate(regatta_commit_duration_seconds_count{outcome="failed", ${SERVICE}}[${WINDOW}])) / (sum by (service) (rate(regatta_commit_duration_seconds_count{${SERVICE}}[${WINDOW}])) > 0)`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.share,
      size: THIRD,
    }),
    lines({
      title: "Work dropped",
      description: "Times that uncommitted work was dropped and done again, by service and cause.",
      queries: [
        {
          expr: `round(sum by (service, cause) (increase(regatta_aborts_total{${SERVICE}}[${WINDOW}])))`,
          legend: "{{service}} {{cause}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
      events: true,
    }),
    lines({
      title: "Clients replaced",
      description:
        "Producers that were replaced, by service and reason, and consumers that failed for good. Fenced again and again: two instances hold one transactional id.",
      queries: [
        {
          expr: `round(sum by (service, reason) (increase(regatta_producer_replacements_total{${SERVICE}}[${WINDOW}])))`,
          legend: "{{service}} producer {{reason}}",
        },
        {
          expr: `round(sum by (service) (increase(regatta_consumer_replacements_total{${SERVICE}}[${WINDOW}])))`,
          legend: "{{service}} consumer",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
      events: true,
    }),
    lines({
      title: "Rebalances",
      description:
        "Partitions given, taken and lost, as events. They come with every replica that starts, stops or dies.",
      queries: [
        {
          expr: `round(sum by (service, kind) (increase(regatta_rebalances_total{${SERVICE}}[${WINDOW}])))`,
          legend: "{{service}} {{kind}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
      events: true,
    }),
    lines({
      title: "Standbys",
      description:
        "Changelog records that the warm copies have still to apply, by service: what a takeover would have to replay. 0 without standbys.",
      queries: [
        {
          expr: `sum by (service) (regatta_standby_lag_records{${SERVICE}}) or 0 * sum by (service) (regatta_standby_tasks{${SERVICE}})`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Held by open transactions",
      description:
        "Records of an input after a transaction that its writer has left open, the most of a partition, by service. Between two commits there are always a few; for as long as they stay, nobody reads past them.",
      queries: [{ expr: `max by (service) (regatta_input_unstable_records{${SERVICE}})`, legend: "{{service}}" }],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Input lost or not read",
      description:
        "Offsets of inputs that were deleted before they were read, by topic, since the services were started (those of a raw topic from before the first start are not among them), and partitions that were added and wait for a repartition.",
      queries: [
        {
          expr: `sum by (topic) (regatta_input_records_lost_total{cause="unread", ${SERVICE}}) or 0 * sum by (topic) (regatta_records_consumed_total{${SERVICE}})`,
          legend: "{{topic}} lost",
        },
        {
          expr: `max by (topic) (regatta_input_partitions_unread{${SERVICE}})`,
          legend: "{{topic}} partitions not read",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Busy",
      description:
        "Share of the time that the replicas of a service spend in process() and in commits, averaged. Commits may go on beside process(), so it may be more than 100 %; from there on a replica can take no more.",
      queries: [
        {
          expr: `avg by (service) (rate(regatta_process_duration_seconds_sum{${SERVICE}}[${WINDOW}]) + on (service, instance) sum by (service, instance) (rate(regatta_commit_duration_seconds_sum{${SERVICE}}[${WINDOW}])))`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.share,
      size: THIRD,
    }),
  ];
}
