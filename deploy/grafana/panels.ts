/** The kinds of panels that the dashboards are made of. What all panels share is decided here. */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DatasourceVariableBuilder,
  type DataTransformerConfig,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The Prometheus that the viewer has chosen. */
export const DATASOURCE = { type: "prometheus", uid: "$datasource" };
/** A window for rate() that Grafana fits to the scrape interval and to the time shown. */
export const WINDOW = "$__rate_interval";
/** Matches the services that the viewer has chosen. */
export const SERVICE = 'service=~"$service"';

/** Grafana's grid is 24 wide. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One expression, and what its lines are called: `{{label}}` is replaced. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** What the panel answers, and from where on it is bad. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Grafana's id of the unit. */
  readonly unit: string;
  readonly size: Size;
}

/** From this value on, this colour. */
export interface Step {
  readonly from: number;
  readonly color: "green" | "yellow" | "red";
}

/** Lines over time. `repeat` names a variable: one panel for each of its values. */
export function lines(panel: Panel & { readonly repeat?: string }): TimeseriesBuilder {
  const builder = framed(new TimeseriesBuilder(), panel)
    .lineWidth(1)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Never)
    .targets(targetsOf(panel.queries))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (panel.repeat !== undefined) builder.repeat(panel.repeat).repeatDirection("h").maxPerRow(2);
  return builder;
}

/** The newest value in large figures, coloured by its steps; `name` shows the legend beside it. */
export function figure(panel: Panel & { readonly steps: readonly Step[]; readonly name?: boolean }): StatBuilder {
  const { steps, name = false } = panel;
  return framed(new StatBuilder(), panel)
    .targets(targetsOf(panel.queries))
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(name ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps(steps.map(({ from, color }, k) => ({ value: k === 0 ? null : from, color }))),
    );
}

/** The newest values as rows. */
export function rows(panel: Panel & { readonly transformations: readonly DataTransformerConfig[] }): TableBuilder {
  return framed(new TableBuilder(), panel)
    .targets(panel.queries.map((query) => target(query).instant().format(PromQueryFormat.Table)))
    .transformations([...panel.transformations]);
}

/** What every kind of panel has. */
interface Framed {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: typeof DATASOURCE): this;
  unit(unit: string): this;
  span(columns: number): this;
  height(rows: number): this;
}

function framed<B extends Framed>(builder: B, { title, description, unit, size }: Panel): B {
  return builder
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(size.width)
    .height(size.height);
}

/** Lets the viewer choose the Prometheus, where Grafana knows several. */
export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus");
}

/** Lets the viewer choose values of a label of a metric: one, or any number with all as the default. */
export function labelVariable(
  name: string,
  label: string,
  metric: string,
  choice: "one" | "any",
): QueryVariableBuilder {
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${metric}, ${name})`, refId: name })
    .definition(`label_values(${metric}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
  if (choice === "one") return builder;
  return builder.multi(true).includeAll(true).current({ text: "All", value: "$__all" });
}

function targetsOf(queries: readonly Query[]): Builder<ReturnType<DataqueryBuilder["build"]>>[] {
  return queries.map((query, k) =>
    target(query)
      .range()
      .refId(String.fromCharCode("A".charCodeAt(0) + k)),
  );
}

function target({ expr, legend }: Query): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).refId("A");
}
