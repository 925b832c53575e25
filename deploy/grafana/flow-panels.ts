/** Panels of what flows: records, errors, durations, lag, commits. */
import { lines, SERVICE, WINDOW } from "./panels.js";

const THIRD = { width: 8, height: 8 };
const HALF = { width: 12, height: 8 };

/** Rate, errors and duration of every stage, from the raw topic to the right. */
export function ratePanels() {
  return [
    lines({
      title: "Records in",
      description: "Records processed per second, by service. A service whose line falls alone is the one to examine.",
      queries: [{ expr: `service:regatta_records_consumed:rate1m{${SERVICE}}`, legend: "{{service}}" }],
      unit: "cps",
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
      unit: "cps",
      size: THIRD,
    }),
    lines({
      title: "Dead letters",
      description: "Rejected records per second, by service. None is normal; read them on the topic dead-letters.",
      queries: [{ expr: `service:regatta_dead_letters:rate1m{${SERVICE}}`, legend: "{{service}}" }],
      unit: "cps",
      size: THIRD,
    }),
    lines({
      title: "Time in process()",
      description: "99 of 100 batches were processed within this time, by service.",
      queries: [{ expr: `service:regatta_process_duration_seconds:p99_rate5m{${SERVICE}}`, legend: "{{service}}" }],
      unit: "s",
      size: THIRD,
    }),
    lines({
      title: "Time of a commit",
      description:
        "99 of 100 commits, from the end of processing to the store write, took this time or less, by service.",
      queries: [{ expr: `service:regatta_commit_duration_seconds:p99_rate5m{${SERVICE}}`, legend: "{{service}}" }],
      unit: "s",
      size: THIRD,
    }),
    lines({
      title: "End to end",
      description:
        "99 of 100 commits made their results visible within this time of the oldest raw record in them, by service.",
      queries: [{ expr: `service:regatta_end_to_end_latency_seconds:p99_rate5m{${SERVICE}}`, legend: "{{service}}" }],
      unit: "s",
      size: THIRD,
    }),
    lines({
      title: "Lag in records",
      description: "Committed records that are not processed yet, by service. It reaches 0.",
      queries: [{ expr: `service:regatta_consumer_lag_records:sum{${SERVICE}}`, legend: "{{service}}" }],
      unit: "short",
      size: HALF,
    }),
    lines({
      title: "Lag in seconds",
      description: "How long the oldest record that is not processed has waited, by service.",
      queries: [{ expr: `service:regatta_consumer_lag_seconds:max{${SERVICE}}`, legend: "{{service}}" }],
      unit: "s",
      size: HALF,
    }),
    lines({
      title: "Lag by partition",
      description:
        "Committed records that are not processed yet, in the ten partitions that lag most. One alone: a series too busy for it.",
      queries: [
        {
          expr: `topk(10, sum by (service, topic, partition) (regatta_consumer_lag_records{${SERVICE}}))`,
          legend: "{{service}} {{topic}}[{{partition}}]",
        },
      ],
      unit: "short",
      size: THIRD,
    }),
    lines({
      title: "Order of raw records",
      description:
        "Raw records per second whose i did not follow the one before in their series. All are forecast all the same.",
      queries: [
        { expr: `sum(rate(regatta_series_gaps_total[${WINDOW}])) or vector(0)`, legend: "gaps" },
        { expr: `sum(rate(regatta_series_repeats_total[${WINDOW}])) or vector(0)`, legend: "repeats" },
        { expr: `sum(rate(regatta_series_steps_back_total[${WINDOW}])) or vector(0)`, legend: "steps back" },
      ],
      unit: "cps",
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
      unit: "s",
      size: THIRD,
    }),
  ];
}

/** Transactions, and who owns which partition. */
export function commitPanels() {
  return [
    lines({
      title: "Commits",
      description: "Transactions per second, by service and outcome. A failed one is done again.",
      queries: [
        {
          expr: `sum by (service, outcome) (rate(regatta_commit_duration_seconds_count{${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}} {{outcome}}",
        },
      ],
      unit: "cps",
      size: THIRD,
    }),
    lines({
      title: "Work dropped",
      description: "Times that uncommitted work was dropped and done again, by service and cause.",
      queries: [
        {
          expr: `sum by (service, cause) (increase(regatta_aborts_total{${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}} {{cause}}",
        },
      ],
      unit: "short",
      size: THIRD,
    }),
    lines({
      title: "Clients replaced",
      description:
        "Producers that were replaced, by service and reason, and consumers that failed for good. Fenced again and again: two instances hold one transactional id.",
      queries: [
        {
          expr: `sum by (service, reason) (increase(regatta_producer_replacements_total{${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}} producer {{reason}}",
        },
        {
          expr: `sum by (service) (increase(regatta_consumer_replacements_total{${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}} consumer",
        },
      ],
      unit: "short",
      size: THIRD,
    }),
    lines({
      title: "Rebalances",
      description:
        "Partitions given, taken and lost, as events. They come with every replica that starts, stops or dies.",
      queries: [
        {
          expr: `sum by (service, kind) (increase(regatta_rebalances_total{${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}} {{kind}}",
        },
      ],
      unit: "short",
      size: HALF,
    }),
    lines({
      title: "Open transaction",
      description: "Records written since the last commit, by service, at the moment of the scrape.",
      queries: [{ expr: `sum by (service) (regatta_transaction_open_records{${SERVICE}})`, legend: "{{service}}" }],
      unit: "short",
      size: HALF,
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
      unit: "short",
      size: THIRD,
    }),
  ];
}
