/** The pipeline: is it well, and where not. From the general to the special, top to bottom. */
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { commitPanels, ratePanels } from "./flow-panels.js";
import { datasourceVariable, figure, labelVariable, rows, SERVICE } from "./panels.js";
import { resourcePanels, statePanels } from "./resource-panels.js";

const TILE = { width: 4, height: 4 };

const SECTIONS = [
  ["Is it well", wellPanels],
  ["Rate, errors, duration by stage", ratePanels],
  ["Commits and the group", commitPanels],
  ["State", statePanels],
  ["Process resources", resourcePanels],
] as const;

export function pipelineDashboard(): Dashboard {
  const builder = new DashboardBuilder("Regatta: the pipeline")
    .uid("regatta-pipeline")
    .description("Are results complete and current? If not: which service, and what does it lack?")
    .tags(["regatta"])
    .time({ from: "now-30m", to: "now" })
    .refresh("10s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(datasourceVariable())
    .withVariable(labelVariable("service", "Service", "regatta_build_info", "any"));
  for (const [title, panels] of SECTIONS) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels()) builder.withPanel(panel);
  }
  return builder.build();
}

function wellPanels() {
  return [
    figure({
      title: "Alerts firing",
      description: "Alerts of deploy/prometheus/rules that fire now; deploy/prometheus/runbooks.md says what to do.",
      queries: [{ expr: 'count(ALERTS{alertname=~"Regatta.+", alertstate="firing"}) or vector(0)', legend: "alerts" }],
      unit: "none",
      size: TILE,
      steps: [
        { from: 0, color: "green" },
        { from: 1, color: "red" },
      ],
    }),
    figure({
      title: "Oldest record waiting",
      description: "How long the oldest record that is not processed has waited, in the service that lags most.",
      queries: [{ expr: `max(service:regatta_consumer_lag_seconds:max{${SERVICE}})`, legend: "lag" }],
      unit: "s",
      size: TILE,
      steps: [
        { from: 0, color: "green" },
        { from: 10, color: "yellow" },
        { from: 60, color: "red" },
      ],
    }),
    figure({
      title: "End to end, 99 of 100",
      description:
        "Within this time of its raw record a result is visible, in 99 of 100 commits of the slowest service.",
      queries: [{ expr: `max(service:regatta_end_to_end_latency_seconds:p99_rate5m{${SERVICE}} >= 0)`, legend: "p99" }],
      unit: "s",
      size: TILE,
      steps: [
        { from: 0, color: "green" },
        { from: 5, color: "yellow" },
        { from: 60, color: "red" },
      ],
    }),
    figure({
      title: "Dead letters",
      description: "Share of the records of the last minute that were rejected, in the service that rejects most.",
      queries: [{ expr: `max(service:regatta_dead_letters:ratio_rate1m{${SERVICE}})`, legend: "rejected" }],
      unit: "percentunit",
      size: TILE,
      steps: [
        { from: 0, color: "green" },
        { from: 0.01, color: "yellow" },
        { from: 0.5, color: "red" },
      ],
    }),
    figure({
      title: "Last commit",
      description:
        "Age of the newest commit, in the service that has not committed for longest. It grows where nothing arrives.",
      queries: [
        {
          expr: `max(time() - max by (service) (regatta_last_commit_timestamp_seconds{${SERVICE}} > 0))`,
          legend: "age",
        },
      ],
      unit: "s",
      size: TILE,
      steps: [
        { from: 0, color: "green" },
        { from: 60, color: "yellow" },
      ],
    }),
    figure({
      title: "Replicas up",
      description: "Processes that answer Prometheus, of all services chosen.",
      queries: [{ expr: `sum(up{job="regatta", ${SERVICE}})`, legend: "up" }],
      unit: "none",
      size: TILE,
      steps: [
        { from: 0, color: "red" },
        { from: 1, color: "green" },
      ],
    }),
    rows({
      title: "Replicas",
      description:
        "Every replica with its state and version. Waiting: for Kafka or topics. Restoring: replays its changelog.",
      queries: [
        {
          expr: `regatta_build_info{${SERVICE}} * on (service, instance) group_left (state) (regatta_service_state == 1)`,
          legend: "",
        },
      ],
      unit: "none",
      size: { width: 24, height: 8 },
      transformations: [
        {
          id: "organize",
          options: {
            excludeByName: { Time: true, Value: true, job: true, application: true },
            indexByName: { service: 0, instance: 1, state: 2, version: 3, node: 4 },
          },
        },
      ],
    }),
  ];
}
