/** Metrics of a race, the same for every racing service: who is how good, and who refused. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Contestant } from "./prequential.js";

/** See {@link raceMetrics}. */
export interface RaceMetrics<M extends Contestant = Contestant> {
  /**
   * Shows the scores of a series from now on, if it is among the first `seriesMax` that this process met; any further series
   * is raced, but has no labels, so that a million series do not become a million time series. Cheap: called at every record.
   * @param key state key, unique per topic and series
   */
  show(key: string, topic: string, series: string, models: readonly M[], seriesMax: number): void;
  /** Counts an observation that a model refused. `reason` is from a closed set. */
  refused(model: string, reason: string): void;
  /** Counts a model that began anew in a series. `reason` is from a closed set. */
  reset(model: string, reason: string): void;
}

/** A gauge of every model of every series that is shown, labelled topic, series and model. */
export interface ModelGauge<M extends Contestant> {
  readonly name: string;
  readonly help: string;
  /** Its value when it is scraped; undefined where there is none yet. */
  of(model: M): number | undefined;
}

interface Shown<M> {
  readonly topic: string;
  readonly series: string;
  models: readonly M[];
}

/**
 * Registers `regatta_model_mse{topic,series,model}`, `regatta_model_refusals_total{model,reason}`,
 * `regatta_model_resets_total{model,reason}`, and gauges of the service's own. Gauges read the live models when they are scraped;
 * setting them at every record would cost more than the forecast.
 */
export function raceMetrics<M extends Contestant>(
  registry: Registry,
  gauges: readonly ModelGauge<M>[] = [],
): RaceMetrics<M> {
  const shown = new Map<string, Shown<M>>();
  const mseGauge: ModelGauge<M> = {
    name: "regatta_model_mse",
    help: "Prequential mean squared error of a model in a series",
    of: ({ mse, n }) => (n > 0 ? mse : undefined),
  };
  for (const { name, help, of } of [mseGauge, ...gauges]) {
    new Gauge({
      name,
      help: `${help}, for the first METRICS_SERIES_MAX series`,
      labelNames: ["topic", "series", "model"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { topic, series, models } of shown.values()) {
          for (const model of models) {
            const value = of(model);
            if (value !== undefined) this.set({ topic, series, model: model.name }, value);
          }
        }
      },
    });
  }
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
