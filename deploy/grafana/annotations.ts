/** What is marked on the time axis of every panel. */
import {
  AnnotationQueryBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATASOURCE, SERVICE } from "./panels.js";
import { CHOSEN } from "./scores.js";

/** Between two points at which is looked: two scrapes. */
const STEP = "10s";

/** Marks the moments, or the time, at which an expression has a value. */
function marks(name: string, color: string, expr: string, title: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step(STEP)
    .titleFormat(title);
}

/** When a model becomes champion of a series. */
export function newChampions(): AnnotationQueryBuilder {
  const champion = (offset: string) => `max by (series, model) (regatta_model_champion{${CHOSEN}}${offset})`;
  const expr = `${champion("")} == 1 and ${champion(` offset ${STEP}`)} == 0`;
  return marks("New champions", "purple", expr, "{{model}} is champion of {{series}}");
}

/** While no service reads a record of the race: what is drawn then is as old as the last one. */
export function standstill(): AnnotationQueryBuilder {
  const read = `sum(rate(regatta_records_consumed_total{topic="\${topic}.observations"}[20s])) or vector(0)`;
  const expr = `(${read}) == 0 and on () count(up{job="regatta"}) > 0`;
  return marks("Standstill", "orange", expr, "Nothing is raced");
}

/** When a process was started. */
export function starts(services = SERVICE): AnnotationQueryBuilder {
  const expr = `changes(process_start_time_seconds{job="regatta", ${services}}[20s]) > 0`;
  return marks("Restarts", "blue", expr, "{{service}} was started again");
}

/** While an alert fires. */
export function firing(): AnnotationQueryBuilder {
  const expr = 'max by (alertname, service) (ALERTS{alertname=~"Regatta.+", alertstate="firing"})';
  return marks("Alerts", "red", expr, "{{alertname}} {{service}}");
}

/** Leads to the other dashboards of this project, with the time shown and what is chosen. */
export function otherDashboards(): DashboardLinkBuilder {
  return new DashboardLinkBuilder("Regatta")
    .type(DashboardLinkType.Dashboards)
    .tags(["regatta"])
    .includeVars(true)
    .keepTime(true);
}
