/** The race: who forecasts what, how well, and who leads. */
import { type Dashboard, DashboardBuilder, DashboardCursorSync } from "@grafana/grafana-foundation-sdk/dashboard";
import { firing, newChampions, otherDashboards, standstill, starts } from "./annotations.js";
import { leaderPanels } from "./leader-panels.js";
import { refusals, residualPanels, scorePanels, standings } from "./score-panels.js";
import { type Section, withSections } from "./sections.js";
import { estimatePanels, forecastsOverY, labelPanels, residualsOfSeries, yOfSeries } from "./series-panels.js";
import { choiceVariable, datasourceVariable, labelVariable } from "./variables.js";
import { champions, verdictPanels } from "./verdict-panels.js";

/** Titles and panels of the rows, from the general to the special. A panel a series is many queries: such rows are closed. */
const SECTIONS: readonly Section[] = [
  { title: "Who leads", panels: leaderPanels },
  { title: "Scores", panels: () => [...scorePanels(), ...residualPanels()] },
  { title: "More than luck", panels: () => [champions(), ...verdictPanels()] },
  { title: "Series by series", panels: () => [standings(), refusals()] },
  { title: "Labels and models", panels: () => [...labelPanels()] },
  { title: "What is known of y", isClosed: true, panels: estimatePanels },
  { title: "y and its forecasts", isClosed: true, panels: () => [yOfSeries()] },
  { title: "Residuals", isClosed: true, panels: () => [residualsOfSeries()] },
  { title: "Forecasts over y", isClosed: true, panels: () => [forecastsOverY()] },
];

export function raceDashboard(): Dashboard {
  const builder = new DashboardBuilder("Regatta: the race")
    .uid("regatta-race")
    .description("Several models forecast every record before they learn from it. Who is best, where, and by how much?")
    .tags(["regatta"])
    .time({ from: "now-15m", to: "now" })
    .refresh("5s")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(otherDashboards())
    .annotation(newChampions())
    .annotation(standstill())
    .annotation(starts('service=~".+-racer"'))
    .annotation(firing())
    .withVariable(datasourceVariable())
    .withVariable(labelVariable("topic", "Race", "regatta_model_mse", "one"))
    .withVariable(labelVariable("series", "Series", 'regatta_model_mse{topic="$topic"}', "any"))
    .withVariable(labelVariable("model", "Model", 'regatta_model_mse{topic="$topic"}', "any"))
    .withVariable(choiceVariable("window", "Of late", ["1m", "5m", "15m", "1h"], "5m"))
    .withVariable(choiceVariable("baseline", "Baseline", ["last", "mean"], "last"));
  return withSections(builder, SECTIONS).build();
}
