/** The panels of the race that say what its judge says: champions, the evidence against them, skill, intervals. */
import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import type { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { figure, lines, UNITS, WINDOW } from "./panels.js";
import { median, once } from "./scores.js";

const HALF = { width: 12, height: 8 };

export function champions(): StatBuilder {
  return figure({
    title: "Champions",
    description:
      "Of how many of the series chosen each model is champion: the first model of the list, until the evidence says that another is better.",
    queries: [{ expr: `sum by (model) (${once("regatta_model_champion")})`, legend: "{{model}}" }],
    unit: UNITS.none,
    size: { width: 12, height: 6 },
    steps: [{ from: 0, color: "green" }],
    shows: "both",
  });
}

/** What the judge says over time. */
export function verdictPanels(): TimeseriesBuilder[] {
  return [switches(), evidence(), fadingMse(), skill(), coverage(), intervals()];
}

function switches(): TimeseriesBuilder {
  const models = `0 * sum by (model) (${once("regatta_model_champion")})`;
  const switched = `increase(regatta_verdict_switches_total{topic="$topic", model=~"$model"}[${WINDOW}])`;
  return lines({
    title: "Switches of the champion",
    description:
      "How often the champion of a series has changed, by the model that is champion since, over all series of the race. Marks on every panel show those of the series chosen.",
    queries: [{ expr: `round(sum by (model) (${switched})) or ${models}`, legend: "{{model}}" }],
    unit: UNITS.records,
    size: { width: 12, height: 6 },
    events: true,
  });
}

function evidence(): TimeseriesBuilder {
  return lines({
    title: "Evidence against the champion",
    description:
      "The largest over the series chosen. It begins at 1 and falls while a model is no better; at the number of challengers over RACE_ALPHA (20 for one, 40 for two) the model becomes champion.",
    queries: [{ expr: `max by (model) (${once("regatta_model_evidence")})`, legend: "{{model}}" }],
    unit: UNITS.none,
    size: HALF,
    axis: "log",
    limits: [{ from: 20, color: "yellow" }],
  });
}

function fadingMse(): TimeseriesBuilder {
  return lines({
    title: "Fading error",
    description:
      "Squared errors in which older ones fade, so of about the last 100 observations: the median over the series chosen. Lower is better.",
    queries: [{ expr: median(once("regatta_model_fading_mse")), legend: "{{model}}" }],
    unit: UNITS.none,
    size: HALF,
    axis: "log",
  });
}

function skill(): TimeseriesBuilder {
  return lines({
    title: "Skill since the beginning",
    description:
      "How much smaller a model's mean squared error is than that of forecasting the last value: the median over the series chosen. Below 0 is worse than doing nothing.",
    queries: [{ expr: median(once("regatta_model_skill")), legend: "{{model}}" }],
    unit: UNITS.share,
    size: HALF,
    axis: "free",
    limits: [{ from: 0, color: "text" }],
  });
}

function coverage(): TimeseriesBuilder {
  return lines({
    title: "Coverage",
    description:
      "Share of the intervals shown that held y, averaged over the series chosen. It comes to RACE_COVERAGE, 90 percent unless it is set otherwise; far off it after thousands of observations is wrong.",
    queries: [{ expr: `avg by (model) (${once("regatta_model_coverage")})`, legend: "{{model}}" }],
    unit: UNITS.share,
    size: HALF,
    axis: "free",
    limits: [{ from: 0.9, color: "text" }],
  });
}

function intervals(): TimeseriesBuilder {
  return lines({
    title: "Width of the intervals",
    description:
      "How far the interval of the newest forecast reaches to each side, in the unit of y: the median over the series chosen. None before 20 errors are known. Of two models that cover as much, the narrower one knows more.",
    queries: [{ expr: median(once("regatta_model_interval_half_width")), legend: "{{model}}" }],
    unit: UNITS.none,
    size: HALF,
    axis: "log",
  });
}
