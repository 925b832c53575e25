/** The expressions of the dashboards, as Prometheus is asked them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dashboardsDirectory } from "../../../deploy/grafana/dashboards.js";

const targetSchema = z.object({
  expr: z.string(),
  legendFormat: z.string(),
  refId: z.string(),
  instant: z.boolean(),
});
const panelSchema = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  targets: z.array(targetSchema).optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }), overrides: z.array(z.unknown()) }).optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
});
const placedSchema = panelSchema.extend({ panels: z.array(panelSchema).optional() });
const dashboardSchema = z.object({
  title: z.string(),
  uid: z.string(),
  panels: z.array(placedSchema),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string(), titleFormat: z.string() })) }),
  links: z.array(z.object({ tags: z.array(z.string()), keepTime: z.boolean(), includeVars: z.boolean() })),
  templating: z.object({ list: z.array(z.object({ name: z.string(), definition: z.string().optional() })) }),
});

export type ReadDashboard = z.infer<typeof dashboardSchema>;
export type ReadPanel = z.infer<typeof panelSchema>;

/** Lines that nothing is seen of while all is well. */
const EMPTY_WHILE_WELL = new Set(["Which alerts"]);

/** One expression of one panel. */
export interface PanelQuery {
  /** `dashboard: panel, line`, for messages. */
  readonly of: string;
  /** Its variables replaced: everything chosen, in the linear race. */
  readonly expr: string;
  /** Labels that the legend speaks of. */
  readonly legendLabels: readonly string[];
  /** Whether it has data while all is well. */
  readonly isSeen: boolean;
}

/** The dashboards as Grafana reads them. @throws {z.ZodError} a panel lacks what a panel has */
export function readDashboards(): ReadDashboard[] {
  return readdirSync(dashboardsDirectory).map((name) =>
    dashboardSchema.parse(JSON.parse(readFileSync(join(dashboardsDirectory, name), "utf8"))),
  );
}

/** The panels of a dashboard, rows and what is in closed ones too. */
export function panelsOf({ panels }: ReadDashboard): ReadPanel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** The lines of all panels. */
export function panelQueries(): PanelQuery[] {
  return readDashboards().flatMap((dashboard) =>
    panelsOf(dashboard).flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, legendFormat, refId }) => ({
        of: `${dashboard.title}: ${panel.title}, ${refId}`,
        expr: chosen(expr),
        legendLabels: labelsIn(legendFormat),
        isSeen: !EMPTY_WHILE_WELL.has(panel.title),
      })),
    ),
  );
}

/** The marks on the time axis of all dashboards. */
export function annotationQueries(): PanelQuery[] {
  return readDashboards().flatMap(({ title, annotations }) =>
    annotations.list.map(({ name, expr, titleFormat }) => ({
      of: `${title}: ${name}`,
      expr: chosen(expr),
      legendLabels: labelsIn(titleFormat),
      isSeen: false,
    })),
  );
}

function labelsIn(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
}

function chosen(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$window", "20s")
    .replaceAll("$baseline", "last")
    .replaceAll(/\$topic\b|\$\{topic\}/g, "dataLinearModel")
    .replaceAll(/\$(service|series|model)\b/g, ".*");
}
