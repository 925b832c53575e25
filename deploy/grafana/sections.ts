/** Rows of a dashboard. */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { type DashboardBuilder, type Panel, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";

/** A row: its title, and its panels from left to right and from top to bottom. */
export interface Section {
  readonly title: string;
  /** Whether the viewer has to open it; until then its panels ask nothing. */
  readonly isClosed?: boolean;
  panels(): readonly Builder<Panel>[];
}

/** Adds rows to a dashboard. @returns the same */
export function withSections(dashboard: DashboardBuilder, sections: readonly Section[]): DashboardBuilder {
  for (const { title, isClosed = false, panels } of sections) {
    const row = new RowBuilder(title).collapsed(isClosed);
    if (isClosed) for (const panel of panels()) row.withPanel(panel);
    dashboard.withRow(row);
    if (!isClosed) for (const panel of panels()) dashboard.withPanel(panel);
  }
  return dashboard;
}
