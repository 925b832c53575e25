/** What the judge says of the series that are shown, as metrics. */
import { Gauge, type Registry } from "prom-client";
import { CHAMPION, modelAt } from "./places.js";
import { evidenceAt, skillAt } from "./records.js";
import { coverageOf, fadingOf } from "./scores.js";

/** Where the judge of a series that is shown has its doubles. They are read when they are scraped. */
export interface ShownJudge {
  readonly doubles: Float64Array;
  readonly at: number;
}

/** A series that is shown, as {@link registerJudge} sees it. */
interface Judged {
  readonly topic: string;
  readonly series: string;
  readonly models: readonly { readonly name: string; readonly mse: number; readonly n: number }[];
  /** Undefined where there is none yet. */
  readonly judge?: ShownJudge | undefined;
}

/** Value of model `m` of a series; undefined where there is none yet. */
type Value = (of: Judged, judge: ShownJudge, m: number) => number | undefined;

const GAUGES: readonly { readonly name: string; readonly help: string; readonly of: Value }[] = [
  {
    name: "regatta_model_champion",
    help: "1 of the champion of a series, 0 of its challengers",
    of: (_, { doubles, at }, m) => Number(doubles[at + CHAMPION] === m),
  },
  {
    name: "regatta_model_evidence",
    help: "Evidence that a challenger forecasts a series better than its champion: 1 when a reign begins",
    of: (_, { doubles, at }, m) => evidenceAt(doubles, at, m),
  },
  {
    name: "regatta_model_fading_mse",
    help: "Mean squared error of a model in a series in which older errors fade",
    of: (_, { doubles, at }, m) => fadingOf(doubles, modelAt(at, m)),
  },
  {
    name: "regatta_model_skill",
    help: "1 less the mean squared error of a model over that of the last value: below 0 is worse than doing nothing",
    of: ({ models }, { doubles, at }, m) => skillAt(doubles, at, models[m]),
  },
  {
    name: "regatta_model_coverage",
    help: "Share of the intervals of a model in a series that held y",
    of: (_, { doubles, at }, m) => coverageOf(doubles, modelAt(at, m)),
  },
];

/**
 * Registers `regatta_model_champion`, `regatta_model_evidence`, `regatta_model_fading_mse`, `regatta_model_skill` and
 * `regatta_model_coverage`, each `{topic,series,model}`.
 * @param shown the series that are shown now
 */
export function registerJudge(registry: Registry, shown: () => readonly Judged[]): void {
  for (const { name, help, of } of GAUGES)
    new Gauge({
      name,
      help: `${help}, for the first METRICS_SERIES_MAX series`,
      labelNames: ["topic", "series", "model"],
      registers: [registry],
      collect() {
        this.reset();
        for (const judged of shown()) {
          const { topic, series, models, judge } = judged;
          if (judge === undefined) continue;
          for (const [m, { name: model }] of models.entries()) {
            const value = of(judged, judge, m);
            if (value !== undefined) this.set({ topic, series, model }, value);
          }
        }
      },
    });
}
