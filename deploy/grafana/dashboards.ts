/**
 * `npm run dashboards`: writes the dashboards as the JSON files that Grafana reads. They are committed; a test compares.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
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

/** Links to a panel name its id: it must not be left to Grafana, which would give another after each change. */
function numbered(dashboard: Dashboard): Dashboard {
  for (const [k, panel] of (dashboard.panels ?? []).entries()) panel.id = k + 1;
  return dashboard;
}

/** The text of a dashboard's file. */
export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, dashboard] of dashboards()) {
    writeFileSync(join(dashboardsDirectory, name), dashboardText(dashboard));
  }
}
