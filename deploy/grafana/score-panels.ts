/** Panels of scores: over all time, in the window chosen, and series by series. */
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from "@grafana/grafana-foundation-sdk/common";
import type { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import type { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { lines, rows, thresholdsOf, UNITS, WINDOW } from "./panels.js";
import { median, once, overBest, recentBaselineMse, recentMse, residual, skillOver } from "./scores.js";

const HALF = { width: 12, height: 9 };
const THIRD = { width: 8, height: 9 };
/** Columns of the standings that are no model. */
const LEAST = "least mse";
const SCORED = "forecasts";
/** What Grafana calls the column of the names of rows. */
const NAMES = "series\\model";

/** Mean squared errors since the series began, and of late. */
export function scorePanels(): TimeseriesBuilder[] {
  return [
    lines({
      title: "Mean squared error",
      description:
        "Prequential mse by model, the median over the series chosen: the mean of all squared errors so far. Lower is better. It hardly moves after an hour: see the error of late.",
      queries: [{ expr: median(once("regatta_model_mse")), legend: "{{model}}" }],
      unit: UNITS.none,
      size: HALF,
      axis: "log",
    }),
    lines({
      title: "Behind the leader",
      description:
        "A model's mean squared error over that of the best model of the series, the median over the series chosen: 1.1 is ten percent worse.",
      queries: [{ expr: median(overBest()), legend: "{{model}}" }],
      unit: UNITS.none,
      size: HALF,
      axis: "log",
    }),
    lines({
      title: "Error of late",
      description:
        "Mean squared error of the forecasts that were scored in the window chosen, the median over the series chosen. It is exact: differences of sums. A model that breaks now rises now.",
      queries: [{ expr: median(recentMse()), legend: "{{model}}" }],
      unit: UNITS.none,
      size: HALF,
      axis: "log",
    }),
    lines({
      title: "Skill of late against $baseline",
      description:
        "Share of the baseline's squared error of the window chosen that a model avoids, the median over the series chosen. `last` forecasts the y before, `mean` the mean of all. Below 0 is worse than doing nothing.",
      queries: [{ expr: median(skillOver(recentMse(), recentBaselineMse())), legend: "{{model}}" }],
      unit: UNITS.share,
      size: HALF,
      axis: "free",
      limits: [{ from: 0, color: "text" }],
    }),
  ];
}

/** Whether a model gets worse, and how it is off: to one side, and by how much its forecasts less y spread. */
export function residualPanels(): TimeseriesBuilder[] {
  const over = (operation: string) => `${operation}_over_time(${residual()}[$window:5s])`;
  return [
    lines({
      title: "Drift",
      description:
        "Mean squared error of the window chosen over that since the series began, the median over the series chosen. At 1 a model does as well as ever; at 2 for long, something has changed that it does not follow.",
      queries: [{ expr: median(`${recentMse()} / (${once("regatta_model_mse")} > 0)`), legend: "{{model}}" }],
      unit: UNITS.none,
      size: THIRD,
      axis: "log",
      limits: [{ from: 1, color: "text" }],
    }),
    lines({
      title: "Bias",
      description:
        "Forecast less y, averaged over the window chosen, in the unit of y: the median over the series chosen. Above 0 a model forecasts too high. Of the newest observation at each scrape, so a sample of them.",
      queries: [{ expr: median(over("avg")), legend: "{{model}}" }],
      unit: UNITS.none,
      size: THIRD,
      axis: "free",
    }),
    lines({
      title: "Spread",
      description:
        "Standard deviation of forecast less y over the window chosen, in the unit of y: the median over the series chosen. Of the newest observation at each scrape, so a sample of them.",
      queries: [{ expr: median(over("stddev")), legend: "{{model}}" }],
      unit: UNITS.none,
      size: THIRD,
      axis: "log",
    }),
  ];
}

/** A row a series: each model's mse over the best one's, that one's mse, and how many forecasts were scored. */
export function standings(): TableBuilder {
  const column = (expr: string, name: string) => `label_replace(${expr}, "model", "${name}", "", "")`;
  const ofModels = `max by (series, model) (${overBest()})`;
  const least = column(`min by (series) (${once("regatta_model_mse")})`, LEAST);
  const scored = column(`max by (series) (${once("regatta_model_scored_forecasts")})`, SCORED);
  const plain = [
    { id: "custom.cellOptions", value: { type: TableCellDisplayMode.Auto } },
    { id: "decimals", value: null },
  ];
  return rows({
    title: "Standings by series",
    description:
      "Mean squared error of each model over that of the best model of the series, which is 1 and green; the least mean squared error itself, and the number of forecasts that were scored.",
    queries: [{ expr: `${ofModels} or ${least} or ${scored}`, legend: "" }],
    unit: UNITS.none,
    size: { width: 24, height: 14 },
    transformations: [
      { id: "groupingToMatrix", options: { rowField: "series", columnField: "model", valueField: "Value" } },
    ],
  })
    .decimals(3)
    .thresholds(
      thresholdsOf([
        { from: 0, color: "green" },
        { from: 1.000001, color: "text" },
        { from: 1.1, color: "yellow" },
        { from: 2, color: "red" },
      ]),
    )
    .cellOptions({ type: TableCellDisplayMode.ColorText })
    .overrideByName(NAMES, plain)
    .overrideByName(LEAST, plain)
    .overrideByName(SCORED, [...plain, { id: "unit", value: UNITS.records }])
    .sortBy([new TableSortByFieldStateBuilder().displayName(NAMES).desc(false)]);
}

/** What models refuse and lose, by the race and the model. */
export function refusals(): TimeseriesBuilder {
  const models = `count by (model) (${once("regatta_model_mse")})`;
  const rate = (metric: string, labels = "model", none = `0 * ${models}`) =>
    `sum by (${labels}) (rate(${metric}{topic="$topic", model=~"$model"}[${WINDOW}])) or on (model) ${none}`;
  const nothing = `label_replace(0 * ${models}, "reason", "nothing", "", "")`;
  return lines({
    title: "Refusals and resets",
    description:
      "Observations per second that a model refused, by reason, models that were reset, and models that were left out of a series, because they did not answer in time. None is normal.",
    queries: [
      { expr: rate("regatta_model_refusals_total", "model, reason", nothing), legend: "{{model}} refuses {{reason}}" },
      { expr: rate("regatta_model_resets_total"), legend: "{{model}} resets" },
      { expr: rate("regatta_model_left_out_total"), legend: "{{model}} left out" },
    ],
    unit: UNITS.recordsPerSecond,
    size: { width: 24, height: 8 },
  });
}
