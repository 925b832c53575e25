/** The kinds of panels that the dashboards are made of. What all panels share is decided here. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  type DataTransformerConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import {
  SeriesMapping,
  XYSeriesConfigBuilder,
  XYShowMode,
  PanelBuilder as XyBuilder,
} from "@grafana/grafana-foundation-sdk/xychart";
import { colorsOf } from "./colors.js";

/** The Prometheus that the viewer has chosen. */
export const DATASOURCE = { type: "prometheus", uid: "$datasource" };
/** A window for rate() that Grafana fits to the scrape interval and to the time shown. */
export const WINDOW = "$__rate_interval";
/** Matches the services that the viewer has chosen. */
export const SERVICE = 'service=~"$service"';

/** Grafana's ids of the units that are used. `seconds` are of minutes at most: an axis of 50 s, 1.67 mins, 2.50 mins is no help. */
export const UNITS = {
  records: "short",
  recordsPerSecond: "count:records/s",
  seconds: "suffix:s",
  /** From microseconds up. */
  duration: "s",
  bytes: "bytes",
  share: "percentunit",
  none: "none",
} as const;

/** Of these, a flat line at 0 is to be seen as that: without more, Grafana draws it on an axis to 100. */
const COUNTS: ReadonlySet<string> = new Set([UNITS.records, UNITS.recordsPerSecond]);

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

export interface Panel {
  readonly title: string;
  /** What the panel answers, and from where on it is bad. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Grafana's id of the unit, see {@link UNITS}. */
  readonly unit: string;
  readonly size: Size;
}

/** From this value on, this colour; `text` is the one that words have. */
export interface Step {
  readonly from: number;
  readonly color: "green" | "yellow" | "red" | "text";
}

export interface LinesPanel extends Panel {
  /** Names a variable: one panel for each of its values. */
  readonly repeat?: string;
  /** `zero` shows 0 and lets what lies flat on it be seen to; `free` fits what there is; `log` is for errors of any size. */
  readonly axis?: "zero" | "free" | "log";
  /** Bars of whole numbers: how often something has happened. */
  readonly events?: boolean;
  /** Where an alert begins, as a line. */
  readonly limits?: readonly Step[];
}

/** Lines over time. */
export function lines(panel: LinesPanel): TimeseriesBuilder {
  const { axis = "zero", events = false, limits = [], repeat } = panel;
  const builder = framed(new TimeseriesBuilder(), panel)
    .lineWidth(1)
    .fillOpacity(events ? 80 : 5)
    .showPoints(VisibilityMode.Never)
    .targets(targetsOf(panel.queries).map((asked) => asked.range()))
    .legend(listLegend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (events) builder.drawStyle(GraphDrawStyle.Bars).decimals(0);
  if (axis === "zero") builder.axisSoftMin(0);
  if (axis === "zero" && COUNTS.has(panel.unit)) builder.axisSoftMax(1);
  if (axis === "log")
    builder.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
  if (limits.length > 0) {
    builder
      .thresholds(thresholdsOf([{ from: 0, color: "text" }, ...limits]))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  const legends = panel.queries.map(({ legend }) => legend);
  for (const [name, settings] of colorsOf(legends)) builder.overrideByName(name, [...settings]);
  if (legends.includes("{{service}}")) builder.dataLinks([serviceLink()]);
  if (repeat !== undefined) builder.repeat(repeat).repeatDirection("h").maxPerRow(2);
  return builder;
}

export interface PointsPanel extends Panel {
  /** Names a variable: one panel for each of its values. */
  readonly repeat: string;
}

/** A point for each time at which the first query and another have a value: across, what the first has; up, the other. */
export function points(panel: PointsPanel): XyBuilder {
  const [{ legend: across }] = panel.queries;
  const legends = panel.queries.map(({ legend }) => legend);
  const builder = framed(new XyBuilder(), panel)
    .targets(targetsOf(panel.queries).map((asked) => asked.range()))
    .transformations([
      { id: "joinByField", options: { byField: "Time", mode: "outer" } },
      { id: "organize", options: { excludeByName: { Time: true } } },
    ])
    .mapping(SeriesMapping.Auto)
    .series([new XYSeriesConfigBuilder().x({ matcher: { id: "byName", options: across } })])
    .show(XYShowMode.Points)
    .pointSize({ fixed: 4 })
    .legend(listLegend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None))
    .repeat(panel.repeat)
    .repeatDirection("h")
    .maxPerRow(2);
  for (const [name, settings] of colorsOf(legends)) if (name !== across) builder.overrideByName(name, [...settings]);
  return builder;
}

function listLegend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([]);
}

/** Leads from the line of a service to all of its panels. */
function serviceLink(): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Only \${__field.labels.service}`).url(
    `/d/regatta-pipeline?var-service=\${__field.labels.service}&var-datasource=\${datasource}&\${__url_time_range}`,
  );
}

export interface FigurePanel extends Panel {
  readonly steps: readonly Step[];
  /** What is shown in large: the value, the name of its line, or both. */
  readonly shows?: "value" | "name" | "both";
}

const TEXT_MODES = {
  value: BigValueTextMode.Value,
  name: BigValueTextMode.Name,
  both: BigValueTextMode.ValueAndName,
};

/** What is true now, in large figures coloured by their steps. Lines that ended before are not among it. */
export function figure(panel: FigurePanel): StatBuilder {
  return framed(new StatBuilder(), panel)
    .targets(targetsOf(panel.queries).map((asked) => asked.instant()))
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(TEXT_MODES[panel.shows ?? "value"])
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .thresholds(thresholdsOf(panel.steps));
}

/** The first step holds below its value too. */
export function thresholdsOf(steps: readonly Step[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(({ from, color }, k) => ({ value: k === 0 ? null : from, color })));
}

/** What is true now, as rows. */
export function rows(panel: Panel & { readonly transformations: readonly DataTransformerConfig[] }): TableBuilder {
  return framed(new TableBuilder(), panel)
    .targets(targetsOf(panel.queries).map((asked) => asked.instant().format(PromQueryFormat.Table)))
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

/** Gives a builder of any kind of panel what all kinds have. */
export function framed<B extends Framed>(builder: B, { title, description, unit, size }: Omit<Panel, "queries">): B {
  return builder
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(size.width)
    .height(size.height);
}

/** Neither range nor instant yet. */
export function targetsOf(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map(({ expr, legend }, k) =>
    new DataqueryBuilder()
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend)
      .refId(String.fromCharCode("A".charCodeAt(0) + k)),
  );
}
