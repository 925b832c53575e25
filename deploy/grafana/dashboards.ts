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
    ["race.json", finished(raceDashboard())],
    ["pipeline.json", finished(pipelineDashboard())],
  ]);
}

/** What the builders leave open. */
function finished(dashboard: Dashboard): Dashboard {
  // They would be in a menu, where nobody looks for the way to the other dashboard.
  for (const link of dashboard.links ?? []) delete link.placement;
  return closed(numbered(dashboard));
}

/** Gives every panel a number that another panel before it does not change: alerts and addresses name it. */
function numbered(dashboard: Dashboard): Dashboard {
  for (const panel of dashboard.panels ?? []) {
    panel.id = numberOf(panel);
    if ("panels" in panel) for (const inside of panel.panels) inside.id = numberOf(inside);
  }
  return dashboard;
}

/** FNV-1a of kind and title, short. A test says where two are equal. */
function numberOf({ type, title = "" }: { readonly type: string; readonly title?: string }): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${type} ${title}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return 1 + (hash % 9999);
}

/** A closed row takes the place of its head alone: what comes after it is next below. */
function closed(dashboard: Dashboard): Dashboard {
  let hidden = 0;
  for (const panel of dashboard.panels ?? []) {
    const inside = "panels" in panel ? panel.panels : [];
    const places = [panel, ...inside].flatMap(({ gridPos }) => gridPos ?? []);
    for (const place of places) place.y -= hidden;
    if (inside.length > 0) hidden += Math.max(...places.map(({ y, h }) => y + h)) - places[0].y - places[0].h;
  }
  return dashboard;
}

/** The text of a dashboard's file. */
export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
