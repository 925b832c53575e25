/** What is known of y, as metrics of a bounded number of series. Gauges read the live estimates when they are scraped. */
import { Gauge, type Registry } from "prom-client";
import { labelOf } from "../../shared/metric-label.js";
import { type Estimates, variance } from "./estimators.js";

/** Place of y in a row. */
const Y = 0;

interface Shown {
  readonly topic: string;
  readonly series: string;
  readonly partition: number;
  estimates: Estimates;
}

/** See {@link seriesMetrics}. */
export interface SeriesMetrics {
  /**
   * Shows a series from now on, if it is among the first `seriesMax` that this process holds. Cheap: called at every record.
   * @param key state key, unique per topic and series
   * @param of  its raw topic and series; asked for once
   */
  show(key: string, partition: number, estimates: Estimates, seriesMax: number, of: () => NamedSeries): void;
  /** Removes the series of a partition: another instance has them from now on. */
  hide(partition: number): void;
}

interface NamedSeries {
  readonly topic: string;
  readonly series: string;
}

/** Registers `regatta_series_mean{topic,series}` and `regatta_series_deviation{topic,series}`. */
export function seriesMetrics(registry: Registry): SeriesMetrics {
  const held = new Map<string, Shown>();
  const gauges = [
    { name: "regatta_series_mean", help: "Mean of all y of a series", of: ({ mu }: Estimates) => mu[Y] },
    {
      name: "regatta_series_deviation",
      help: "Standard deviation of all y of a series",
      of: (estimates: Estimates) => Math.sqrt(variance(estimates, Y)),
    },
  ];
  for (const { name, help, of } of gauges) {
    new Gauge({
      name,
      help: `${help}, for the first METRICS_SERIES_MAX series`,
      labelNames: ["topic", "series"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { topic, series, estimates } of held.values()) this.set({ topic, series }, of(estimates));
      },
    });
  }
  return {
    show(key, partition, estimates, seriesMax, of) {
      const known = held.get(key);
      // What was decoded anew after an abort is another object.
      if (known !== undefined) known.estimates = estimates;
      else if (held.size < seriesMax) held.set(key, { ...labelsOf(of()), partition, estimates });
    },
    hide(partition) {
      for (const [key, shown] of held) if (shown.partition === partition) held.delete(key);
    },
  };
}

const labelsOf = ({ topic, series }: NamedSeries): NamedSeries => ({ topic: labelOf(topic), series: labelOf(series) });
