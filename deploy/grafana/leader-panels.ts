/** The first row of the race: who leads, by how much, in how many series, and whether the race goes on. */
import type { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { figure, UNITS, WINDOW } from "./panels.js";
import { median, overBest } from "./scores.js";

const TILE = { width: 4, height: 4 };
const GREEN = [{ from: 0, color: "green" }] as const;

export function leaderPanels(): StatBuilder[] {
  return [leader(), margin(), seriesLed(), forecasts(), seriesShown(), newestResult()];
}

function leader(): StatBuilder {
  return figure({
    title: "Leader",
    description:
      "The model that is closest to the best one of each series, by mean squared error: the median over the series chosen. It may lead by luck: see Champions.",
    queries: [{ expr: `bottomk(1, ${median(overBest())})`, legend: "{{model}}" }],
    unit: UNITS.none,
    size: TILE,
    steps: GREEN,
    shows: "name",
  });
}

function margin(): StatBuilder {
  const ofModels = median(overBest());
  return figure({
    title: "Ahead of the next by",
    description:
      "How much more mean squared error the second model has than the leader: the median over the series chosen. A percent is no victory.",
    queries: [{ expr: `max(bottomk(2, ${ofModels})) / min(${ofModels}) - 1`, legend: "ahead" }],
    unit: UNITS.share,
    size: TILE,
    steps: [
      { from: 0, color: "text" },
      { from: 0.05, color: "green" },
    ],
  });
}

function seriesLed(): StatBuilder {
  return figure({
    title: "Series led",
    description:
      "In how many of the series chosen a model has the least mean squared error. Models that tie all count.",
    queries: [{ expr: `count by (model) ((${overBest()}) <= 1)`, legend: "{{model}}" }],
    unit: UNITS.none,
    size: { ...TILE, width: 5 },
    steps: GREEN,
    shows: "both",
  });
}

function forecasts(): StatBuilder {
  // Of a racer that reads two races, this is both: what it writes goes to one topic.
  const racers = `max by (service, instance) (regatta_series_raced{topic="$topic"})`;
  return figure({
    title: "Forecasts",
    description:
      "Predictions written per second by the services that race the race chosen, over all of their series and races.",
    queries: [
      {
        expr: `sum(rate(regatta_records_produced_total{topic=~".+-predictions"}[${WINDOW}]) and on (service, instance) ${racers})`,
        legend: "forecasts",
      },
    ],
    unit: UNITS.recordsPerSecond,
    size: TILE,
    steps: GREEN,
  });
}

function seriesShown(): StatBuilder {
  return figure({
    title: "Series shown",
    description:
      "Series of the race that the panels can show (METRICS_SERIES_MAX), and series that race. Leader and all medians are over those shown alone. Series are met with their first record after a start; beyond 10,000 an instance counts no further.",
    queries: [
      { expr: 'count(max by (topic, series) (regatta_series_target{topic="$topic"}))', legend: "shown" },
      { expr: 'sum(regatta_series_raced{topic="$topic"})', legend: "raced" },
    ],
    unit: UNITS.none,
    size: TILE,
    steps: GREEN,
    shows: "both",
  });
}

function newestResult(): StatBuilder {
  return figure({
    title: "Newest result",
    description:
      "Age of the newest commit of those that race. While it grows, y, forecasts and errors are drawn on as they were, and the time is marked as a standstill.",
    queries: [
      {
        expr: `time() - max(last_over_time(regatta_last_commit_timestamp_seconds[1h]) and on (service) last_over_time(regatta_series_raced{topic="$topic"}[1h]))`,
        legend: "age",
      },
    ],
    unit: UNITS.seconds,
    size: { ...TILE, width: 3 },
    steps: [
      { from: 0, color: "green" },
      { from: 10, color: "yellow" },
      { from: 60, color: "red" },
    ],
  });
}
