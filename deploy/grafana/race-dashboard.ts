/** The race: who forecasts what, how well, and who leads. */
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasourceVariable, figure, labelVariable, lines, rows, WINDOW } from "./panels.js";
import {
  champions,
  covariance,
  coverage,
  evidence,
  fadingMse,
  labels,
  newChampions,
  skill,
  switches,
} from "./verdict-panels.js";

const CHOSEN = 'topic="$topic", series=~"$series", model=~"$model"';
const MSE = `regatta_model_mse{${CHOSEN}}`;
const MEAN_MSE = `avg by (model) (${MSE})`;
const TILE = { width: 6, height: 4 };
const HALF = { width: 12, height: 9 };

export function raceDashboard(): Dashboard {
  return new DashboardBuilder("Regatta: the race")
    .uid("regatta-race")
    .description("Several models forecast every record before they learn from it. Who is best, where, and by how much?")
    .tags(["regatta"])
    .time({ from: "now-15m", to: "now" })
    .refresh("5s")
    .tooltip(DashboardCursorSync.Crosshair)
    .annotation(newChampions())
    .withVariable(datasourceVariable())
    .withVariable(labelVariable("topic", "Race", "regatta_model_mse", "one"))
    .withVariable(labelVariable("series", "Series", 'regatta_model_mse{topic="$topic"}', "any"))
    .withVariable(labelVariable("model", "Model", 'regatta_model_mse{topic="$topic"}', "any"))
    .withRow(new RowBuilder("Who leads"))
    .withPanel(
      figure({
        title: "Leader",
        description: "The model with the least mean squared error, averaged over the series chosen.",
        queries: [{ expr: `bottomk(1, ${MEAN_MSE})`, legend: "{{model}}" }],
        unit: "none",
        size: TILE,
        steps: [{ from: 0, color: "green" }],
        name: true,
      }),
    )
    .withPanel(
      figure({
        title: "Series led",
        description:
          "In how many of the series chosen a model has the least mean squared error. Models that tie all count.",
        queries: [
          {
            expr: `count by (model) (${MSE} == on (topic, series) group_left () min by (topic, series) (${MSE}))`,
            legend: "{{model}}",
          },
        ],
        unit: "none",
        size: { ...TILE, width: 9 },
        steps: [{ from: 0, color: "green" }],
        name: true,
      }),
    )
    .withPanel(
      figure({
        title: "Forecasts",
        description: "Predictions written per second, by result topic, over all series.",
        queries: [
          {
            expr: `sum by (topic) (rate(regatta_records_produced_total{topic=~".+-predictions"}[${WINDOW}]))`,
            legend: "{{topic}}",
          },
        ],
        unit: "cps",
        size: { ...TILE, width: 9 },
        steps: [{ from: 0, color: "green" }],
        name: true,
      }),
    )
    .withRow(new RowBuilder("Scores"))
    .withPanel(
      lines({
        title: "Mean squared error",
        description:
          "Prequential mse by model, averaged over the series chosen: the mean of all squared errors so far. Lower is better.",
        queries: [{ expr: MEAN_MSE, legend: "{{model}}" }],
        unit: "none",
        size: HALF,
      }),
    )
    .withPanel(
      lines({
        title: "Behind the leader",
        description:
          "A model's mean squared error over the leader's: the leader is at 1, a model at 1.1 is ten percent worse.",
        queries: [{ expr: `${MEAN_MSE} / scalar(min(${MEAN_MSE}))`, legend: "{{model}}" }],
        unit: "none",
        size: HALF,
      }),
    )
    .withPanel(
      lines({
        title: "Newest errors",
        description: "Distance of the newest forecast from its y, by model, averaged over the series chosen.",
        queries: [
          {
            expr: `avg by (model) (abs(regatta_model_forecast{${CHOSEN}} - on (topic, series) group_left () regatta_series_target{topic="$topic", series=~"$series"}))`,
            legend: "{{model}}",
          },
        ],
        unit: "none",
        size: HALF,
      }),
    )
    .withPanel(
      rows({
        title: "Standings by series",
        description: "Mean squared error of each model in each series, as it is now. Lower is better.",
        queries: [{ expr: `sum by (series, model) (${MSE})`, legend: "" }],
        unit: "none",
        size: HALF,
        transformations: [
          { id: "groupingToMatrix", options: { rowField: "series", columnField: "model", valueField: "Value" } },
        ],
      }),
    )
    .withPanel(
      lines({
        title: "Refusals and resets",
        description:
          "Observations per second that a model refused, because a number would not have been finite, models that were reset, and models that were left out of a series, because they did not answer in time. None is normal.",
        queries: [
          {
            expr: `sum by (model) (rate(regatta_model_refusals_total{model=~"$model"}[${WINDOW}])) or 0 * ${MEAN_MSE}`,
            legend: "{{model}} refusals",
          },
          {
            expr: `sum by (model) (rate(regatta_model_resets_total{model=~"$model"}[${WINDOW}])) or 0 * ${MEAN_MSE}`,
            legend: "{{model}} resets",
          },
          {
            expr: `sum by (model) (rate(regatta_model_left_out_total{model=~"$model"}[${WINDOW}])) or 0 * ${MEAN_MSE}`,
            legend: "{{model}} left out",
          },
        ],
        unit: "cps",
        size: { width: 24, height: 6 },
      }),
    )
    .withRow(new RowBuilder("More than luck"))
    .withPanel(champions())
    .withPanel(switches())
    .withPanel(evidence())
    .withPanel(fadingMse())
    .withPanel(skill())
    .withPanel(coverage())
    .withRow(new RowBuilder("Labels and models"))
    .withPanel(labels())
    .withPanel(covariance())
    .withRow(new RowBuilder("y and its forecasts"))
    .withPanel(
      lines({
        title: "$series",
        description: "y of the newest observation at each scrape, and what each model had forecast before it saw it.",
        queries: [
          { expr: 'regatta_series_target{topic="$topic", series=~"$series"}', legend: "y" },
          { expr: `regatta_model_forecast{${CHOSEN}}`, legend: "{{model}}" },
        ],
        unit: "none",
        size: { width: 12, height: 8 },
        repeat: "series",
      }),
    )
    .build();
}
