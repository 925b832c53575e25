/** Metrics of a race, the same for every racing service: who forecasts what, who is how good, and who refused. */
import { Gauge, type Registry } from "prom-client";
import { CommittedCounter } from "../committed-counter.js";
import { memoryBudget } from "../memory-budget.js";
import { BoundedLabels, labelOf } from "../metric-label.js";
import { OBJECT_BYTES } from "../state/state-bytes.js";
import { judgeGauges, registerBaselines, type ShownJudge } from "./judge/judge-metrics.js";
import type { Contestant } from "./score.js";
import { UnshownSeries } from "./unshown-series.js";

/** Races that are told apart, by their raw topic: a record says what its topic is, and whoever writes one may say anything. */
const TOPICS_MAX = 256;

/** A forecast as it is shown; yhat is null where the model refused. */
export interface ShownForecast {
  readonly model: string;
  readonly yhat: number | null;
}

/** A series as it stands after its newest observation. */
export interface ShownSeries<M extends Contestant = Contestant> {
  readonly topic: string;
  readonly series: string;
  /** Of the newest observation that has one; undefined where none has. */
  readonly y: number | undefined;
  /** Questions that are open. */
  readonly open?: number;
  readonly forecasts: readonly ShownForecast[];
  /** They are read when they are scraped. */
  readonly models: readonly M[];
  /** The judge of the race; undefined where there is none yet. */
  readonly judge?: ShownJudge | undefined;
}

/** See {@link raceMetrics}. */
export interface RaceMetrics<M extends Contestant = Contestant, S extends ShownSeries<M> = ShownSeries<M>> {
  /** What is shown of a series; undefined where nothing is. */
  shown(key: string): S | undefined;
  /** Whether no further series can be shown whose models take so many bytes. */
  isFull(seriesMax: number, bytes: number): boolean;
  /**
   * Shows a series from now on, if it is among the first `seriesMax` that this process holds and there is memory for its
   * models. Any further series is raced without being shown, so that a million series do not become a million time series.
   * Cheap: called at every record.
   * @param key       state key, unique per topic and series
   * @param partition that the series is in
   */
  show(key: string, partition: number, shown: S, seriesMax: number): void;
  /** Counts a series that races without being shown. Cheap: called at every record. */
  met(key: string, partition: number): void;
  /** Removes the series of a partition: another instance has them from now on, and their values here would no longer change. */
  hide(partition: number): void;
  /** Counts an observation that a model refused. `reason` is from a closed set. */
  refused(topic: string, model: string, reason: string): void;
  /** Counts a switch of the champion. @param model who is champion now */
  switched(topic: string, model: string): void;
  /** Counts a model that is left out of a series from now on. */
  leftOut(topic: string, model: string): void;
  /** Counts a model that was reset in a series. `reason` is from a closed set. */
  reset(topic: string, model: string, reason: string): void;
}

/** A gauge of every model of every series that is shown, labelled topic, series and model. */
export interface ModelGauge<M extends Contestant> {
  readonly name: string;
  readonly help: string;
  /** Its value when it is scraped; undefined where there is none yet. */
  of(model: M): number | undefined;
}

interface Held<M extends Contestant, S extends ShownSeries<M> = ShownSeries<M>> {
  readonly partition: number;
  /** Memory that it takes, roughly. */
  readonly bytes: number;
  /** As labels, within their bounds. */
  readonly topic: string;
  readonly series: string;
  shown: S;
}

/**
 * Registers `regatta_model_mse{topic,series,model}`, `regatta_model_scored_forecasts{topic,series,model}`,
 * `regatta_model_forecast{topic,series,model}`, `regatta_series_target{topic,series}`, `regatta_open_questions{topic,series}`,
 * `regatta_series_raced{topic}`, `regatta_model_refusals_total{topic,model,reason}`, `regatta_model_left_out_total{topic,model}`,
 * `regatta_model_resets_total{topic,model,reason}`, `regatta_verdict_switches_total{topic,model}`, those of judge-metrics.ts, and
 * gauges of the service's own. `topic` is the raw topic, so that what is counted belongs to one race. Gauges read the live race
 * when they are scraped; setting them at every record would cost more than the forecast.
 * @param bytesOf memory that a model that is shown takes, roughly
 */
export function raceMetrics<M extends Contestant, S extends ShownSeries<M> = ShownSeries<M>>(
  registry: Registry,
  gauges: readonly ModelGauge<M>[] = [],
  bytesOf: (model: M) => number = () => OBJECT_BYTES,
): RaceMetrics<M, S> {
  const held = new Map<string, Held<M, S>>();
  const heldBytesMax = memoryBudget().shownSeries;
  const unshown = new UnshownSeries();
  const topics = new BoundedLabels(TOPICS_MAX);
  let heldBytes = 0;
  const isFull = (seriesMax: number, bytes: number) => held.size >= seriesMax || heldBytes + bytes > heldBytesMax;
  registerScores(registry, held, gauges);
  registerForecasts(registry, held);
  registerBaselines(registry, () =>
    Array.from(held.values(), ({ topic, series, shown: { judge } }) => ({ topic, series, judge })),
  );
  registerCount(registry, held, unshown, topics);
  const { refusals, leftOut, resets, switches } = createCounters(registry);
  return {
    shown: (key) => held.get(key)?.shown,
    isFull,
    show(key, partition, shown, seriesMax) {
      const known = held.get(key);
      if (known !== undefined) {
        known.shown = shown;
        return;
      }
      const bytes = shown.models.reduce((sum, model) => sum + bytesOf(model), 0);
      if (isFull(seriesMax, bytes)) {
        unshown.met(key, partition);
        return;
      }
      heldBytes += bytes;
      held.set(key, { partition, bytes, shown, topic: topics.of(shown.topic), series: labelOf(shown.series) });
      unshown.shown(key);
    },
    met: (key, partition) => unshown.met(key, partition),
    hide(partition) {
      unshown.forget(partition);
      for (const [key, series] of held) {
        if (series.partition !== partition) continue;
        held.delete(key);
        heldBytes -= series.bytes;
      }
    },
    refused: (topic, model, reason) => refusals.inc({ topic: topics.of(topic), model, reason }),
    switched: (topic, model) => switches.inc({ topic: topics.of(topic), model }),
    leftOut: (topic, model) => leftOut.inc({ topic: topics.of(topic), model }),
    reset: (topic, model, reason) => resets.inc({ topic: topics.of(topic), model, reason }),
  };
}

function createCounters(registry: Registry) {
  return {
    refusals: new CommittedCounter(registry, {
      name: "regatta_model_refusals_total",
      help: "Observations that a model refused: forecast, score or update would not have been finite, or took too long",
      labelNames: ["topic", "model", "reason"],
    }),
    leftOut: new CommittedCounter(registry, {
      name: "regatta_model_left_out_total",
      help: "Series that a model was left out of, since it did not answer in time again and again",
      labelNames: ["topic", "model"],
    }),
    resets: new CommittedCounter(registry, {
      name: "regatta_model_resets_total",
      help: "Models that began anew in a series, since what they had learned was of no use any more",
      labelNames: ["topic", "model", "reason"],
    }),
    switches: new CommittedCounter(registry, {
      name: "regatta_verdict_switches_total",
      help: "Switches of the champion of a series, by the model that is champion since",
      labelNames: ["topic", "model"],
    }),
  };
}

/** Gauges of each model of each series that is shown: its score, those of the service's own, and those of the judge. */
function registerScores<M extends Contestant>(
  registry: Registry,
  held: ReadonlyMap<string, Held<M>>,
  gauges: readonly ModelGauge<M>[],
): void {
  const mseGauge: ModelGauge<M> = {
    name: "regatta_model_mse",
    help: "Prequential mean squared error of a model in a series",
    of: ({ mse, n }) => (n > 0 ? mse : undefined),
  };
  const scoredGauge: ModelGauge<M> = {
    name: "regatta_model_scored_forecasts",
    help: "Forecasts that the mean squared error of a model in a series is of",
    of: ({ n }) => n,
  };
  const ofModels = [mseGauge, scoredGauge, ...gauges].map((gauge) => ({
    ...gauge,
    of: ({ models }: ShownSeries<M>, m: number) => gauge.of(models[m]),
  }));
  for (const { name, help, of } of [...ofModels, ...judgeGauges]) {
    new Gauge({
      name,
      help: `${help}, for the first METRICS_SERIES_MAX series`,
      labelNames: ["topic", "series", "model"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { topic, series, shown } of held.values()) {
          for (const [m, { name: model }] of shown.models.entries()) {
            const value = of(shown, m);
            if (value !== undefined) this.set({ topic, series, model }, value);
          }
        }
      },
    });
  }
}

function registerForecasts(registry: Registry, held: ReadonlyMap<string, Held<Contestant>>): void {
  const registers = [registry];
  new Gauge({
    name: "regatta_model_forecast",
    help: "Newest forecast of a model in a series (yhat), made before its y was learned",
    labelNames: ["topic", "series", "model"],
    registers,
    collect() {
      this.reset();
      for (const { topic, series, shown } of held.values())
        for (const { model, yhat } of shown.forecasts) if (yhat !== null) this.set({ topic, series, model }, yhat);
    },
  });
  new Gauge({
    name: "regatta_series_target",
    help: "Newest target of a series (y)",
    labelNames: ["topic", "series"],
    registers,
    collect() {
      this.reset();
      for (const { topic, series, shown } of held.values())
        if (shown.y !== undefined) this.set({ topic, series }, shown.y);
    },
  });
  new Gauge({
    name: "regatta_open_questions",
    help: "Questions of a series that wait for their label",
    labelNames: ["topic", "series"],
    registers,
    collect() {
      this.reset();
      for (const { topic, series, shown } of held.values()) this.set({ topic, series }, shown.open ?? 0);
    },
  });
}

function registerCount(
  registry: Registry,
  held: ReadonlyMap<string, Held<Contestant>>,
  unshown: UnshownSeries,
  topics: BoundedLabels,
): void {
  new Gauge({
    name: "regatta_series_raced",
    help: "Series of a race that this instance has met since it started, shown or not; some ten thousand of others are counted",
    labelNames: ["topic"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { topic } of held.values()) this.inc({ topic });
      const counts = new Map<string, number>();
      for (const key of unshown.keys()) {
        // A topic has no slash.
        const topic = topics.of(key.slice(0, key.indexOf("/")));
        counts.set(topic, (counts.get(topic) ?? 0) + 1);
      }
      for (const [topic, count] of counts) this.inc({ topic }, count);
    },
  });
}
