/** The expressions of the dashboards, as Prometheus is asked them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dashboardsDirectory } from "../../../deploy/grafana/dashboards.js";

const targetSchema = z.object({ expr: z.string(), legendFormat: z.string(), refId: z.string() });
const panelSchema = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  targets: z.array(targetSchema).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }).optional(),
});
const dashboardSchema = z.object({
  title: z.string(),
  uid: z.string(),
  panels: z.array(panelSchema),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
});

export type ReadDashboard = z.infer<typeof dashboardSchema>;

/** One expression of one panel. */
export interface PanelQuery {
  /** `dashboard: panel, line`, for messages. */
  readonly of: string;
  /** Its variables replaced: everything chosen, in the linear race. */
  readonly expr: string;
  /** Labels that the legend speaks of. */
  readonly legendLabels: readonly string[];
}

/** The dashboards as Grafana reads them. @throws {z.ZodError} a panel lacks what a panel has */
export function readDashboards(): ReadDashboard[] {
  return readdirSync(dashboardsDirectory).map((name) =>
    dashboardSchema.parse(JSON.parse(readFileSync(join(dashboardsDirectory, name), "utf8"))),
  );
}

export function panelQueries(): PanelQuery[] {
  return readDashboards().flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, legendFormat, refId }) => ({
        of: `${title}: ${panel.title}, ${refId}`,
        expr: chosen(expr),
        legendLabels: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label),
      })),
    ),
  );
}

function chosen(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$topic", "dataLinearModel")
    .replaceAll(/\$(service|series|model)\b/g, ".*");
}
