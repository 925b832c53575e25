/** The dashboards, which `npm run generate` writes as the JSON files that Grafana reads. They are committed; a test compares. */
import { fileURLToPath } from "node:url";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { pipelineDashboard } from "./pipeline-dashboard.js";
import { raceDashboard } from "./race-dashboard.js";

/** Where the JSON files are: deploy/grafana/dashboards of the project. */
export const dashboardsDirectory = fileURLToPath(new URL("../../../deploy/grafana/dashboards/", import.meta.url));

/** Every dashboard, by the name of its file. */
export function dashboards(): ReadonlyMap<string, Dashboard> {
  return new Map([
    ["race.json", numbered(raceDashboard())],
    ["pipeline.json", numbered(pipelineDashboard())],
  ]);
}

/** Gives every panel an id, since links name it: Grafana itself would give other ids after each change. */
function numbered(dashboard: Dashboard): Dashboard {
  for (const [k, panel] of (dashboard.panels ?? []).entries()) panel.id = k + 1;
  return dashboard;
}

/** The text of a dashboard's file. */
export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
