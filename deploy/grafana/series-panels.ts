/** The panels of the race about its series: their labels, what is known of them, y and its forecasts. */
import type { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { PanelBuilder as XyBuilder } from "@grafana/grafana-foundation-sdk/xychart";
import { lines, points, UNITS, WINDOW } from "./panels.js";
import { CHOSEN_SERIES, once, onceOfSeries, residual } from "./scores.js";

const HALF = { width: 12, height: 8 };

/** Labels that come later, and what is known of the series themselves. */
export function labelPanels(): TimeseriesBuilder[] {
  return [
    lines({
      title: "Records by what they are",
      description:
        "Records per second by what they are to their series, of all races. Many expired ones say that labels come too late.",
      queries: [{ expr: `sum by (outcome) (rate(regatta_labels_total[${WINDOW}]))`, legend: "{{outcome}}" }],
      unit: UNITS.recordsPerSecond,
      size: HALF,
    }),
    lines({
      title: "Open questions",
      description: "Questions of the series chosen that wait for their label. Without late labels there are none.",
      queries: [{ expr: `sum(${onceOfSeries("regatta_open_questions")})`, legend: "open questions" }],
      unit: UNITS.records,
      size: HALF,
    }),
    lines({
      title: "Uncertainty of least squares",
      description:
        "Trace of the covariance of recursive models, the largest over the series chosen: 10 a coefficient at first, falling; it grows where features do not vary.",
      queries: [{ expr: `max by (model) (${once("regatta_rls_covariance_trace")})`, legend: "{{model}}" }],
      unit: UNITS.none,
      size: HALF,
      axis: "log",
    }),
  ];
}

/** A panel a series: its y, the forecasts of it, and between what the champion expects it. */
export function yOfSeries(): TimeseriesBuilder {
  const champion = `${once("regatta_model_forecast")} and (${once("regatta_model_champion")} == 1)`;
  const width = once("regatta_model_interval_half_width");
  const end = (sign: string) => `max by (series) ((${champion}) ${sign} ${width})`;
  return lines({
    title: "$series",
    description:
      "y of the newest observation at each scrape, what each model had forecast before it saw it, and the interval of the champion. An observation between two scrapes is not drawn.",
    queries: [
      { expr: onceOfSeries("regatta_series_target"), legend: "y" },
      { expr: once("regatta_model_forecast"), legend: "{{model}}" },
      { expr: end("-"), legend: "lower" },
      { expr: end("+"), legend: "upper" },
    ],
    unit: UNITS.none,
    size: HALF,
    repeat: "series",
    axis: "free",
  });
}

/** A panel a series: forecast less y of each model, which lines of y and forecasts on one another do not show. */
export function residualsOfSeries(): TimeseriesBuilder {
  return lines({
    title: "$series: forecast less y",
    description:
      "What each model was off by at the newest observation of each scrape, in the unit of y. Above 0 is too high.",
    queries: [{ expr: residual(), legend: "{{model}}" }],
    unit: UNITS.none,
    size: HALF,
    repeat: "series",
    axis: "free",
    limits: [{ from: 0, color: "text" }],
  });
}

/** A panel a series: what each model forecast, over what y was. */
export function forecastsOverY(): XyBuilder {
  return points({
    title: "$series: forecast over y",
    description:
      "A point for the newest observation at each scrape: across, y; up, what each model had forecast. A model that is right lies on the diagonal; a cloud that is flatter than that forecasts too near to the mean.",
    queries: [
      { expr: onceOfSeries("regatta_series_target"), legend: "y" },
      { expr: once("regatta_model_forecast"), legend: "{{model}}" },
    ],
    unit: UNITS.none,
    size: HALF,
    repeat: "series",
  });
}

/** What stateful-estimator knows of the series: without a race, this alone tells what y is like. */
export function estimatePanels(): TimeseriesBuilder[] {
  const of = (metric: string) => `max by (series) (${metric}{${CHOSEN_SERIES}})`;
  return [
    lines({
      title: "Mean of y",
      description:
        "Mean of all y of each series chosen, as stateful-estimator knows it. A forecast of it is the baseline `mean`.",
      queries: [{ expr: of("regatta_series_mean"), legend: "{{series}}" }],
      unit: UNITS.none,
      size: HALF,
      axis: "free",
    }),
    lines({
      title: "Deviation of y",
      description:
        "Standard deviation of all y of each series chosen, as stateful-estimator knows it. Its square is the mean squared error of a forecast that is always the mean.",
      queries: [{ expr: of("regatta_series_deviation"), legend: "{{series}}" }],
      unit: UNITS.none,
      size: HALF,
      axis: "log",
    }),
  ];
}
