/** The pipeline: is it well, and where not. From the general to the special, top to bottom. */
import { type Dashboard, DashboardBuilder, DashboardCursorSync } from "@grafana/grafana-foundation-sdk/dashboard";
import { firing, otherDashboards, starts } from "./annotations.js";
import { commitPanels, ratePanels } from "./flow-panels.js";
import { resourcePanels, statePanels } from "./resource-panels.js";
import { type Section, withSections } from "./sections.js";
import { datasourceVariable, labelVariable, textVariable } from "./variables.js";
import { wellPanels } from "./well-panels.js";
import { firingAlerts, replicas } from "./well-tables.js";

const SECTIONS: readonly Section[] = [
  { title: "Is it well", panels: () => [...wellPanels(), firingAlerts(), replicas()] },
  { title: "Rate, errors, duration by stage", panels: ratePanels },
  { title: "Commits and the group", panels: commitPanels },
  { title: "State", isClosed: true, panels: statePanels },
  { title: "Process resources", isClosed: true, panels: resourcePanels },
];

export function pipelineDashboard(): Dashboard {
  const builder = new DashboardBuilder("Regatta: the pipeline")
    .uid("regatta-pipeline")
    .description("Are results complete and current? If not: which service, and what does it lack?")
    .tags(["regatta"])
    .time({ from: "now-30m", to: "now" })
    .refresh("10s")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(otherDashboards())
    .annotation(starts())
    .annotation(firing())
    .withVariable(datasourceVariable())
    .withVariable(labelVariable("service", "Service", "regatta_build_info", "any"))
    .withVariable(textVariable("runbooks", "Runbooks at", "Address of deploy/prometheus/runbooks.md for your people"));
  return withSections(builder, SECTIONS).build();
}
