/** Cases of the alerts about records that wait, are late, rejected or lost. */
import { type AlertCase, LABELS, of, PLACE, RACER, type Scraped } from "./alert-case.js";

const RUNNING = of("regatta_service_state", `${RACER}, state="running"`);
const UNSTABLE = of("regatta_input_unstable_records", PLACE);
const POSITION = of("regatta_input_position", PLACE);
/** A racer that runs and answers. */
const ALIVE: Scraped = { [`up{job="regatta", ${RACER}}`]: "1x130", [RUNNING]: "1x130" };

export const STREAM_CASES: readonly AlertCase[] = [
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
    scraped: { ...ALIVE, [UNSTABLE]: "5+5x20", [POSITION]: "700x20" },
    by: "3m",
    labels: { ...LABELS, topic: "raw", partition: "0" },
    notWhen: "one transaction after the other is open, and their records are processed",
    quiet: { ...ALIVE, [UNSTABLE]: "5x20", [POSITION]: "700+100x20" },
  },
  {
    alert: "RegattaTransactionHangs",
    when: "they still stay so after the broker hung for two minutes",
    scraped: {
      ...ALIVE,
      [RUNNING]: "1x4 0x8 1x120",
      [UNSTABLE]: "5x130",
      [POSITION]: "700x130",
    },
    by: "5m",
    labels: { ...LABELS, topic: "raw", partition: "0" },
    notWhen: "a broker hangs, and the service waits for it",
    quiet: { ...ALIVE, [RUNNING]: "1x2 0x8 1x120", [UNSTABLE]: "5x11 0x120", [POSITION]: "700x11 700+10x120" },
  },
  {
    alert: "RegattaTransactionHangs",
    when: "they stay so for the one of two services that runs",
    scraped: { ...ALIVE, [UNSTABLE]: "5x30", [POSITION]: "700x30" },
    by: "3m",
    labels: { ...LABELS, topic: "raw", partition: "0" },
    notWhen: "a service was killed, or another instance has taken the partition over",
    quiet: {
      ...ALIVE,
      [UNSTABLE]: "5x3 stale",
      [POSITION]: "700x3 stale",
      [UNSTABLE.replace("a:9464", "b:9464")]: "_x4 5x1 0x120",
      [POSITION.replace("a:9464", "b:9464")]: "_x4 700x2 700+10x120",
      [RUNNING.replace("a:9464", "b:9464")]: "1x130",
      'up{job="regatta", service="rls-racer", instance="b:9464"}': "1x130",
    },
  },
  {
    alert: "RegattaTransactionHangs",
    when: "they stay so, and all scrapes but old ones were answered",
    scraped: {
      ...ALIVE,
      [`up{job="regatta", ${RACER}}`]: "0x3 1x130",
      [UNSTABLE]: "5x130",
      [POSITION]: "700x130",
    },
    by: "4m",
    labels: { ...LABELS, topic: "raw", partition: "0" },
    notWhen: "a service is silent, and says when it is back what it knew before",
    quiet: {
      ...ALIVE,
      [`up{job="regatta", ${RACER}}`]: "1x3 0x8 1x120",
      [UNSTABLE]: "5x3 stale _x7 5x1 0x120",
      [POSITION]: "700x3 stale _x7 700x1 700+10x120",
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
];
