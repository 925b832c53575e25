/** The panels of the race that say what its judge says, and how labels and models are. */
import { AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import type { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { DATASOURCE, figure, lines, WINDOW } from "./panels.js";

const CHOSEN = 'topic="$topic", series=~"$series", model=~"$model"';
const HALF = { width: 12, height: 8 };

/** Two instances may show one series for a moment: of each model of a series there is one line. */
const once = (metric: string, chosen = CHOSEN): string => `max by (topic, series, model) (${metric}{${chosen}})`;
const median = (metric: string): string => `quantile by (model) (0.5, ${once(metric)})`;

/** Marks the moments at which a model becomes champion of a series. */
export function newChampions(): AnnotationQueryBuilder {
  const champion = (offset: string) => `max by (series, model) (regatta_model_champion{${CHOSEN}}${offset})`;
  return new AnnotationQueryBuilder()
    .name("New champions")
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor("purple")
    .expr(`${champion("")} == 1 and ${champion(" offset 10s")} == 0`)
    .step("10s")
    .titleFormat("{{model}} is champion of {{series}}");
}

export function champions(): StatBuilder {
  return figure({
    title: "Champions",
    description:
      "Of how many of the series chosen each model is champion: the first model of the list, until the evidence says that another is better.",
    queries: [{ expr: `sum by (model) (${once("regatta_model_champion")})`, legend: "{{model}}" }],
    unit: "none",
    size: { width: 12, height: 6 },
    steps: [{ from: 0, color: "green" }],
    name: true,
  });
}

export function switches(): TimeseriesBuilder {
  const models = `0 * sum by (model) (${once("regatta_model_champion")})`;
  return lines({
    title: "Switches of the champion",
    description:
      "How often the champion of a series has changed, by the model that is champion since, over all series of all races. Marks on every panel show those of the series chosen.",
    queries: [
      {
        expr: `sum by (model) (increase(regatta_verdict_switches_total{model=~"$model"}[${WINDOW}])) or ${models}`,
        legend: "{{model}}",
      },
    ],
    unit: "none",
    size: { width: 12, height: 6 },
  });
}

export function evidence(): TimeseriesBuilder {
  return lines({
    title: "Evidence against the champion",
    description:
      "The largest over the series chosen. It begins at 1 and falls while a model is no better; at the number of challengers over RACE_ALPHA (20 for one, 40 for two) the model becomes champion.",
    queries: [{ expr: `max by (model) (${once("regatta_model_evidence")})`, legend: "{{model}}" }],
    unit: "none",
    size: HALF,
  });
}

export function fadingMse(): TimeseriesBuilder {
  return lines({
    title: "Mean squared error of late",
    description:
      "Squared errors in which older ones fade, so of about the last 100 observations: the median over the series chosen. Lower is better.",
    queries: [{ expr: median("regatta_model_fading_mse"), legend: "{{model}}" }],
    unit: "none",
    size: HALF,
  });
}

export function skill(): TimeseriesBuilder {
  return lines({
    title: "Skill",
    description:
      "How much smaller a model's mean squared error is than that of forecasting the last value: the median over the series chosen. Below 0 is worse than doing nothing.",
    queries: [{ expr: median("regatta_model_skill"), legend: "{{model}}" }],
    unit: "percentunit",
    size: HALF,
  });
}

export function coverage(): TimeseriesBuilder {
  return lines({
    title: "Coverage",
    description:
      "Share of the intervals shown that held y, averaged over the series chosen. It comes to RACE_COVERAGE, 90 percent unless it is set otherwise; far off it after thousands of observations is wrong.",
    queries: [{ expr: `avg by (model) (${once("regatta_model_coverage")})`, legend: "{{model}}" }],
    unit: "percentunit",
    size: HALF,
  });
}

export function labels(): TimeseriesBuilder {
  return lines({
    title: "Questions and labels",
    description:
      "Records per second by what they are to their series, and the questions of the series chosen that wait for their label. Many expired ones say that labels come too late.",
    queries: [
      { expr: `sum by (outcome) (rate(regatta_labels_total[${WINDOW}]))`, legend: "{{outcome}}" },
      {
        expr: 'sum(max by (topic, series) (regatta_open_questions{topic="$topic", series=~"$series"}))',
        legend: "open questions",
      },
    ],
    unit: "none",
    size: HALF,
  });
}

export function covariance(): TimeseriesBuilder {
  return lines({
    title: "Uncertainty of least squares",
    description:
      "Trace of the covariance of recursive models, the largest over the series chosen: 10 a coefficient at first, falling; it grows where features do not vary.",
    queries: [{ expr: `max by (model) (${once("regatta_rls_covariance_trace")})`, legend: "{{model}}" }],
    unit: "none",
    size: HALF,
  });
}
