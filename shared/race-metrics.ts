/** Metrics of a race, the same for every racing service: who is how good, and who refused. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Contestant } from "./prequential.js";

/** See {@link raceMetrics}. */
export interface RaceMetrics {
  /**
   * Shows the scores of a series from now on, if it is among the first `seriesMax` that this process met; any further series
   * is raced, but has no labels, so that a million series do not become a million time series. Cheap: called at every record.
   * @param key state key, unique per topic and series
   */
  show(key: string, topic: string, series: string, models: readonly Contestant[], seriesMax: number): void;
  /** Counts an observation that a model refused. `reason` is from a closed set. */
  refused(model: string, reason: string): void;
  /** Counts a model that began anew in a series. `reason` is from a closed set. */
  reset(model: string, reason: string): void;
}

interface Shown {
  readonly topic: string;
  readonly series: string;
  models: readonly Contestant[];
}

/**
 * Registers `regatta_model_mse{topic,series,model}`, `regatta_model_refusals_total{model,reason}` and
 * `regatta_model_resets_total{model,reason}`. The gauge reads the live
 * scores when it is scraped; setting it at every record would cost more than the forecast.
 */
export function raceMetrics(registry: Registry): RaceMetrics {
  const shown = new Map<string, Shown>();
  new Gauge({
    name: "regatta_model_mse",
    help: "Prequential mean squared error of a model in a series, for the first METRICS_SERIES_MAX series",
    labelNames: ["topic", "series", "model"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { topic, series, models } of shown.values()) {
        for (const { name, mse, n } of models) if (n > 0) this.set({ topic, series, model: name }, mse);
      }
    },
  });
  const refusals = new Counter({
    name: "regatta_model_refusals_total",
    help: "Observations that a model refused: forecast, score or update would not have been finite",
    labelNames: ["model", "reason"],
    registers: [registry],
  });
  const resets = new Counter({
    name: "regatta_model_resets_total",
    help: "Models that began anew in a series, since what they had learned was of no use any more",
    labelNames: ["model", "reason"],
    registers: [registry],
  });
  return {
    show(key, topic, series, models, seriesMax) {
      const known = shown.get(key);
      if (known !== undefined) known.models = models;
      else if (shown.size < seriesMax) shown.set(key, { topic, series, models });
    },
    refused: (model, reason) => refusals.inc({ model, reason }),
    reset: (model, reason) => resets.inc({ model, reason }),
  };
}
