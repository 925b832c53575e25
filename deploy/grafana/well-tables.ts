/** The tables of the pipeline: which alerts fire, and what every replica is at. */
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from "@grafana/grafana-foundation-sdk/common";
import { MappingType, type ValueMap } from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { alertNames } from "./alert-names.js";
import { rows, SERVICE, UNITS } from "./panels.js";

const SEVERITIES = { critical: "red", warning: "orange" };
const STATES = {
  running: "green",
  restoring: "yellow",
  waiting: "red",
  rewinding: "red",
  stopping: "text",
  "no answer": "red",
};

const colored = (colors: Readonly<Record<string, string>>): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(Object.entries(colors).map(([name, color], index) => [name, { color, index }])),
});

/** Settings of a column whose words have colours. */
const coloredColumn = (colors: Readonly<Record<string, string>>) => [
  { id: "mappings", value: [colored(colors)] },
  { id: "custom.cellOptions", value: { type: TableCellDisplayMode.ColorText } },
];

/** The alerts that fire now, the critical ones first, each with the way to its entry of the runbook. */
export function firingAlerts(): TableBuilder {
  const firing = 'max by (alertname, service, severity) (ALERTS{alertname=~"Regatta.+", alertstate="firing"})';
  const anchors: ValueMap = {
    type: MappingType.ValueToText,
    options: Object.fromEntries(alertNames().map((name, index) => [name, { text: name.toLowerCase(), index }])),
  };
  return rows({
    title: "Which alerts",
    description:
      "Alerts that fire now, of all services. Runbook leads to what each means and what to do, where the address of deploy/prometheus/runbooks.md is given above.",
    queries: [{ expr: `label_replace(${firing}, "runbook", "$1", "alertname", "(.+)")`, legend: "" }],
    unit: UNITS.none,
    size: { width: 8, height: 8 },
    transformations: [
      {
        id: "organize",
        options: {
          excludeByName: { Time: true, Value: true },
          indexByName: { severity: 0, alertname: 1, service: 2, runbook: 3 },
        },
      },
    ],
  })
    .noValue("None fires")
    .overrideByName("severity", coloredColumn(SEVERITIES))
    .overrideByName("runbook", [
      { id: "mappings", value: [anchors] },
      { id: "links", value: [{ title: "Runbook", url: `\${runbooks}#\${__value.text}`, targetBlank: true }] },
    ])
    .sortBy([new TableSortByFieldStateBuilder().displayName("severity").desc(false)]);
}

/** Every replica, those too that answered a short time ago and do not now. */
export function replicas(): TableBuilder {
  const running = `regatta_build_info{${SERVICE}} * on (service, instance) group_left (state) (regatta_service_state == 1)`;
  const silent = `last_over_time(regatta_build_info{${SERVICE}}[15m]) unless on (service, instance) (up{job="regatta"} == 1)`;
  return rows({
    title: "Replicas",
    description:
      "Every replica with its state and version. Waiting: for Kafka or topics. Restoring: replays its changelog. No answer: it did within the last 15 minutes.",
    queries: [{ expr: `${running} or label_replace(${silent}, "state", "no answer", "", "")`, legend: "" }],
    unit: UNITS.none,
    size: { width: 16, height: 8 },
    transformations: [
      {
        id: "organize",
        options: {
          excludeByName: { Time: true, Value: true, job: true, application: true },
          indexByName: { service: 0, instance: 1, state: 2, version: 3, node: 4 },
        },
      },
    ],
  }).overrideByName("state", coloredColumn(STATES));
}
