/** The first row of the pipeline: is it well, and what is not. A service that does not answer is not well. */
import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { figure, SERVICE, UNITS } from "./panels.js";

const TILE = { width: 4, height: 4 };

export function wellPanels(): StatBuilder[] {
  return [alerts(), oldestRecord(), endToEnd(), deadLetters(), lastCommit(), replicasDown()];
}

/** Age of the newest commit of each service, those that have died within the hour too. */
const commitAge = (services = SERVICE): string =>
  `(time() - (max by (service) (last_over_time(regatta_last_commit_timestamp_seconds{${services}}[1h])) > 0))`;

function alerts(): StatBuilder {
  return figure({
    title: "Alerts firing",
    description: "Alerts of deploy/prometheus/rules that fire now; those below, with what to do.",
    queries: [{ expr: 'count(ALERTS{alertname=~"Regatta.+", alertstate="firing"}) or vector(0)', legend: "alerts" }],
    unit: UNITS.none,
    size: TILE,
    steps: [
      { from: 0, color: "green" },
      { from: 1, color: "red" },
    ],
  });
}

function oldestRecord(): StatBuilder {
  // What a dead service would have to read has waited since its last commit. The producer reads nothing.
  const dead = `${commitAge(`service!="producer", ${SERVICE}`)} unless on (service) (sum by (service) (up{job="regatta"}) > 0)`;
  return figure({
    title: "Oldest record waiting",
    description:
      "How long the oldest record that is not processed has waited, in the service that lags most; of a service that does not answer, the time since its last commit.",
    queries: [{ expr: `max(service:regatta_consumer_lag_seconds:max{${SERVICE}} or ${dead})`, legend: "lag" }],
    unit: UNITS.seconds,
    size: TILE,
    steps: [
      { from: 0, color: "green" },
      { from: 10, color: "yellow" },
      { from: 60, color: "red" },
    ],
  });
}

function endToEnd(): StatBuilder {
  return figure({
    title: "End to end, p99",
    description: "Within this time of its raw record a result is visible, in 99 of 100 commits of the slowest service.",
    queries: [{ expr: `max(service:regatta_end_to_end_latency_seconds:p99_rate5m{${SERVICE}} >= 0)`, legend: "p99" }],
    unit: UNITS.seconds,
    size: TILE,
    steps: [
      { from: 0, color: "green" },
      { from: 5, color: "yellow" },
      { from: 60, color: "red" },
    ],
  });
}

function deadLetters(): StatBuilder {
  return figure({
    title: "Dead letters",
    description: "Share of the records of the last minute that were rejected, in the service that rejects most.",
    queries: [{ expr: `max(service:regatta_dead_letters:ratio_rate1m{${SERVICE}})`, legend: "rejected" }],
    unit: UNITS.share,
    size: TILE,
    steps: [
      { from: 0, color: "green" },
      { from: 0.01, color: "yellow" },
      { from: 0.5, color: "red" },
    ],
  });
}

function lastCommit(): StatBuilder {
  return figure({
    title: "Last commit",
    description:
      "Age of the newest commit, in the service that has not committed for longest, one that does not answer too. It grows where nothing arrives.",
    queries: [{ expr: `max(${commitAge()})`, legend: "age" }],
    unit: UNITS.seconds,
    size: TILE,
    steps: [
      { from: 0, color: "green" },
      { from: 60, color: "yellow" },
      { from: 300, color: "red" },
    ],
  });
}

function replicasDown(): StatBuilder {
  return figure({
    title: "Replicas down",
    description:
      "Processes of the services chosen that do not answer Prometheus. One that was stopped on purpose, or scaled away, counts for 15 minutes.",
    queries: [
      {
        expr: `count(last_over_time(up{job="regatta", ${SERVICE}}[15m])) - (sum(up{job="regatta", ${SERVICE}}) or vector(0))`,
        legend: "down",
      },
    ],
    unit: UNITS.none,
    size: TILE,
    steps: [
      { from: 0, color: "green" },
      { from: 1, color: "red" },
    ],
  });
}
