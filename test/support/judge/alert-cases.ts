/**
 * For every alert a fault that it is for, and a situation that it must not be confused with, in Prometheus' notation of
 * series: `first+step x times`, a sample every 15 s.
 */
import { SERVICE_NAMES } from "../../../services/names.js";

/** What Prometheus has scraped: series and their samples. */
export type Scraped = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly alert: string;
  /** What has happened, to end the sentence "fires when ...". */
  readonly when: string;
  readonly scraped: Scraped;
  /** By when it must fire. */
  readonly by: string;
  /** Labels of what fires; those of the annotations must be among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** To end the sentence "does not fire when ...". */
  readonly notWhen: string;
  readonly quiet: Scraped;
}

const RACER = 'service="rls-racer", instance="a:9464"';
const PLACE = `${RACER}, topic="raw", partition="0"`;
const up = (services: readonly string[], value = "1x130") =>
  Object.fromEntries(
    services.map((service) => [`up{job="regatta", service="${service}", instance="${service}:9464"}`, value]),
  );
const of = (name: string, labels = RACER) => `${name}{${labels}}`;
const LABELS = { service: "rls-racer", instance: "a:9464" };

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "RegattaServiceAbsent",
    when: "a stopped service has no address any more",
    scraped: up(SERVICE_NAMES.filter((service) => service !== "ml-racer")),
    by: "5m",
    labels: { job: "regatta", service: "ml-racer" },
    notWhen: "every service has a replica that answers",
    quiet: { ...up(SERVICE_NAMES), 'up{job="regatta", service="ml-racer", instance="b:9464"}': "0x130" },
  },
  {
    alert: "RegattaServiceAbsent",
    when: "the only replica does not answer",
    scraped: { ...up(SERVICE_NAMES.slice(1)), ...up(SERVICE_NAMES.slice(0, 1), "0x60") },
    by: "5m",
    labels: { job: "regatta", service: "producer" },
    notWhen: "a replica was away for half a minute",
    quiet: { ...up(SERVICE_NAMES.slice(1)), ...up(SERVICE_NAMES.slice(0, 1), "1x10 0x1 1x120") },
  },
  {
    alert: "RegattaTargetDown",
    when: "one of two replicas does not answer",
    scraped: { ...up(["rls-racer"]), [`up{job="regatta", ${RACER}}`]: "0x60" },
    by: "5m",
    labels: { ...LABELS, job: "regatta" },
    notWhen: "none answers, which is another alert's",
    quiet: { [`up{job="regatta", ${RACER}}`]: "0x60" },
  },
  {
    alert: "RegattaRestarts",
    when: "a process was started three times more in a quarter of an hour",
    scraped: { [of("process_start_time_seconds", `job="regatta", ${RACER}`)]: "100x10 200x10 300x10 400x10" },
    by: "10m",
    labels: { ...LABELS, job: "regatta" },
    notWhen: "it was started once more",
    quiet: { [of("process_start_time_seconds", `job="regatta", ${RACER}`)]: "100x10 200x60" },
  },
  {
    alert: "RegattaNotRunning",
    when: "a service waits for Kafka",
    scraped: { [of("regatta_service_state", `${RACER}, state="waiting"`)]: "1x60" },
    by: "5m",
    labels: { ...LABELS, state: "waiting" },
    notWhen: "it waited for a minute at its start, and restores",
    quiet: {
      [of("regatta_service_state", `${RACER}, state="waiting"`)]: "1x4 0x60",
      [of("regatta_service_state", `${RACER}, state="restoring"`)]: "0x4 1x60",
    },
  },
  {
    alert: "RegattaLagGrowing",
    when: "the lag grows for twenty minutes",
    scraped: {
      [of("regatta_consumer_lag_records", PLACE)]: "0+100x120",
      [of("regatta_consumer_lag_seconds", PLACE)]: "0+10x120",
    },
    by: "25m",
    labels: { service: "rls-racer" },
    notWhen: "a large lag is being worked off",
    quiet: {
      [of("regatta_consumer_lag_records", PLACE)]: "90000-100x120",
      [of("regatta_consumer_lag_seconds", PLACE)]: "900x120",
    },
  },
  {
    alert: "RegattaNoCommits",
    when: "records wait and the last commit is two minutes old",
    scraped: {
      [of("regatta_last_commit_timestamp_seconds")]: "0+15x4 60x60",
      [of("regatta_consumer_lag_records", PLACE)]: "10x60",
    },
    by: "5m",
    labels: LABELS,
    notWhen: "nothing has arrived since the last commit",
    quiet: {
      [of("regatta_last_commit_timestamp_seconds")]: "0+15x4 60x60",
      [of("regatta_consumer_lag_records", PLACE)]: "0x60",
    },
  },
  {
    alert: "RegattaNoCommits",
    when: "a service that was started minutes ago has never committed",
    scraped: {
      [of("regatta_last_commit_timestamp_seconds")]: "0x60",
      [of("process_start_time_seconds", `job="regatta", ${RACER}`)]: "1x60",
      [of("regatta_consumer_lag_records", PLACE)]: "10x60",
    },
    by: "5m",
    labels: { ...LABELS, job: "regatta" },
    notWhen: "it is restoring",
    quiet: {
      [of("regatta_last_commit_timestamp_seconds")]: "0x60",
      [of("process_start_time_seconds", `job="regatta", ${RACER}`)]: "1x60",
      [of("regatta_consumer_lag_records", PLACE)]: "10x60",
      [of("regatta_tasks", `${RACER}, state="restoring"`)]: "1x60",
    },
  },
  {
    alert: "RegattaTaskStands",
    when: "a record is not got past for a minute",
    scraped: { [of("regatta_task_standing_seconds", `${PLACE}, task="rls-racer/0"`)]: "0x8 0+15x20" },
    by: "5m",
    labels: { ...LABELS, topic: "raw", partition: "0", task: "rls-racer/0" },
    notWhen: "one record after another takes half a minute",
    quiet: {
      [of("regatta_task_standing_seconds", `${PLACE}, task="rls-racer/0"`)]: "5 20 5 20 5 20 5 20 5 20 5 20 0x20",
    },
  },
  {
    alert: "RegattaLate",
    when: "all results come between 100 and 300 s after their records",
    scraped: {
      [of("regatta_end_to_end_latency_seconds_bucket", `${RACER}, le="100"`)]: "0x80",
      [of("regatta_end_to_end_latency_seconds_bucket", `${RACER}, le="300"`)]: "0+10x80",
      [of("regatta_end_to_end_latency_seconds_bucket", `${RACER}, le="+Inf"`)]: "0+10x80",
    },
    by: "15m",
    labels: { service: "rls-racer" },
    notWhen: "all come within 50 s",
    quiet: {
      [of("regatta_end_to_end_latency_seconds_bucket", `${RACER}, le="50"`)]: "0+10x80",
      [of("regatta_end_to_end_latency_seconds_bucket", `${RACER}, le="+Inf"`)]: "0+10x80",
    },
  },
  {
    alert: "RegattaDeadLetters",
    when: "two records in a hundred are rejected for ten minutes",
    scraped: {
      [of("regatta_records_consumed_total", `${RACER}, topic="raw"`)]: "0+1000x60",
      [of("regatta_dead_letters_total", `${RACER}, reason="not-json"`)]: "0+20x60",
    },
    by: "10m",
    labels: { service: "rls-racer" },
    notWhen: "one in two hundred is",
    quiet: {
      [of("regatta_records_consumed_total", `${RACER}, topic="raw"`)]: "0+1000x60",
      [of("regatta_dead_letters_total", `${RACER}, reason="not-json"`)]: "0+5x60",
    },
  },
  {
    alert: "RegattaMostAreDeadLetters",
    when: "six in ten records are rejected",
    scraped: {
      [of("regatta_records_consumed_total", `${RACER}, topic="raw"`)]: "0+1000x20",
      [of("regatta_dead_letters_total", `${RACER}, reason="not-json"`)]: "0+600x20",
    },
    by: "4m",
    labels: { service: "rls-racer" },
    notWhen: "four in ten are, and when nothing arrives",
    quiet: {
      [of("regatta_records_consumed_total", `${RACER}, topic="raw"`)]: "0+1000x20 20000x20",
      [of("regatta_dead_letters_total", `${RACER}, reason="not-json"`)]: "0+400x20 8000x20",
    },
  },
  {
    alert: "RegattaClockSkew",
    when: "records are stamped ten seconds ahead",
    scraped: { [of("regatta_input_timestamp_ahead_seconds")]: "10x60" },
    by: "3m",
    labels: LABELS,
    notWhen: "they are one second ahead, and once were ten",
    quiet: { [of("regatta_input_timestamp_ahead_seconds")]: "1x10 10x2 1x40" },
  },
  {
    alert: "RegattaTransactionHangs",
    when: "records stay uncommitted and nothing of their partition is processed",
    scraped: {
      [of("regatta_input_unstable_records", PLACE)]: "5+5x20",
      [of("regatta_input_position", PLACE)]: "700x20",
    },
    by: "3m",
    labels: { ...LABELS, topic: "raw", partition: "0" },
    notWhen: "one transaction after the other is open, and their records are processed",
    quiet: {
      [of("regatta_input_unstable_records", PLACE)]: "5x20",
      [of("regatta_input_position", PLACE)]: "700+100x20",
    },
  },
  {
    alert: "RegattaInputLost",
    when: "records were deleted before they were read",
    scraped: { [of("regatta_input_records_lost_total", `${RACER}, topic="raw", cause="unread"`)]: "_x10 12x30" },
    by: "5m",
    labels: { service: "rls-racer", topic: "raw" },
    notWhen: "none were, or they had expired before a new application came to a raw topic",
    quiet: {
      [of("regatta_input_records_lost_total", `${RACER}, topic="raw", cause="unread"`)]: "0x130",
      [of("regatta_input_records_lost_total", `${RACER}, topic="raw", cause="before-first-read"`)]: "_x10 12x30",
    },
  },
  {
    alert: "RegattaPartitionsUnread",
    when: "partitions were added to an input",
    scraped: { [of("regatta_input_partitions_unread", `${RACER}, topic="raw"`)]: "0x10 2x60" },
    by: "5m",
    labels: { service: "rls-racer", topic: "raw" },
    notWhen: "every partition is read",
    quiet: { [of("regatta_input_partitions_unread", `${RACER}, topic="raw"`)]: "0x130" },
  },
  {
    alert: "RegattaRestoringLong",
    when: "a task is restored for more than ten minutes",
    scraped: { [of("regatta_tasks", `${RACER}, state="restoring"`)]: "2x60" },
    by: "12m",
    labels: { ...LABELS, state: "restoring" },
    notWhen: "tasks are restored for five",
    quiet: { [of("regatta_tasks", `${RACER}, state="restoring"`)]: "2x20 0x60" },
  },
  {
    alert: "RegattaProducerReplacements",
    when: "a producer is replaced every two minutes",
    scraped: {
      [of("regatta_producer_replacements_total", `${RACER}, reason="failed"`)]: "0x7 1x7 2x7 3x7 4x7 5x7 6x7",
    },
    by: "13m",
    labels: LABELS,
    notWhen: "it was replaced twice",
    quiet: { [of("regatta_producer_replacements_total", `${RACER}, reason="failed"`)]: "0x7 1x7 2x60" },
  },
  {
    alert: "RegattaFenced",
    when: "two instances fence each other",
    scraped: { [of("regatta_producer_replacements_total", `${RACER}, reason="fenced"`)]: "0+1x20" },
    by: "3m",
    labels: LABELS,
    notWhen: "producers fail for other reasons, and one was fenced once",
    quiet: {
      [of("regatta_producer_replacements_total", `${RACER}, reason="fenced"`)]: "0x5 1x40",
      [of("regatta_producer_replacements_total", `${RACER}, reason="failed"`)]: "0+1x45",
    },
  },
  {
    alert: "RegattaStoreDamaged",
    when: "one folder was moved aside",
    scraped: { [of("regatta_store_damages_total")]: "0x10 1x30" },
    by: "5m",
    labels: LABELS,
    notWhen: "that was more than an hour ago",
    quiet: { [of("regatta_store_damages_total")]: "1x60" },
  },
  {
    alert: "RegattaSeriesMisplaced",
    when: "the first series of a topic is misplaced",
    scraped: { [of("regatta_series_misplaced_total", `${RACER}, topic="raw"`)]: "_x5 1x100" },
    by: "8m",
    labels: { ...LABELS, topic: "raw" },
    notWhen: "every series is where its key belongs",
    quiet: { [of("regatta_series_misplaced_total", `${RACER}, topic="raw"`)]: "0x200" },
  },
  {
    alert: "RegattaModelRefuses",
    when: "a model refuses an observation a minute",
    scraped: {
      [of("regatta_model_refusals_total", `${RACER}, model="rls2", reason="update-not-finite"`)]: "0+0.25x100",
    },
    by: "20m",
    labels: { service: "rls-racer", model: "rls2", reason: "update-not-finite" },
    notWhen: "it refused five",
    quiet: { [of("regatta_model_refusals_total", `${RACER}, model="rls2", reason="update-not-finite"`)]: "0+1x5 5x90" },
  },
  {
    alert: "RegattaModelLeftOut",
    when: "a model was left out of its first series",
    scraped: { [of("regatta_model_left_out_total", `${RACER}, model="lin"`)]: "_x20 1x110" },
    by: "6m",
    labels: { service: "rls-racer", model: "lin" },
    notWhen: "none was for an hour",
    quiet: { [of("regatta_model_left_out_total", `${RACER}, model="lin"`)]: "0x130" },
  },
  {
    alert: "RegattaModelResets",
    when: "a model begins anew every five minutes",
    scraped: {
      [of("regatta_model_resets_total", `${RACER}, model="rls2", reason="refusals-in-a-row"`)]:
        "1x20 2x20 3x20 4x20 5x20 6x20",
    },
    by: "28m",
    labels: { service: "rls-racer", model: "rls2", reason: "refusals-in-a-row" },
    notWhen: "it did so twice",
    quiet: { [of("regatta_model_resets_total", `${RACER}, model="rls2", reason="refusals-in-a-row"`)]: "1x20 2x110" },
  },
  {
    alert: "RegattaMemoryHigh",
    when: "95 of 100 MB are used for five minutes",
    scraped: {
      [of("process_resident_memory_bytes", `job="regatta", ${RACER}`)]: "95e6x60",
      [of("regatta_memory_limit_bytes")]: "100e6x60",
    },
    by: "8m",
    labels: LABELS,
    notWhen: "half is used",
    quiet: {
      [of("process_resident_memory_bytes", `job="regatta", ${RACER}`)]: "50e6x60",
      [of("regatta_memory_limit_bytes")]: "100e6x60",
    },
  },
  {
    alert: "RegattaDiskLow",
    when: "less than 1 GiB is free",
    scraped: { [of("regatta_state_disk_available_bytes")]: "1e9x60" },
    by: "12m",
    labels: LABELS,
    notWhen: "a hundred are",
    quiet: { [of("regatta_state_disk_available_bytes")]: "1e11x60" },
  },
  {
    alert: "RegattaDiskLow",
    when: "the disk will be full in an hour",
    scraped: { [of("regatta_state_disk_available_bytes")]: "60e9-15e7x120" },
    by: "20m",
    labels: LABELS,
    notWhen: "it will be in a week",
    quiet: { [of("regatta_state_disk_available_bytes")]: "60e9-15e5x120" },
  },
];
