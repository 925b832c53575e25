/** What the judge says of the series that are shown, as metrics. */
import { Gauge, type Registry } from "prom-client";
import type { Contestant } from "../score.js";
import { lastMse, lastScored, meanMse, meanScored } from "./baselines.js";
import { widthOf } from "./interval.js";
import { CHAMPION, modelAt } from "./places.js";
import { evidenceAt, skillAt } from "./records.js";
import { coverageOf, fadingOf } from "./scores.js";

/** Where the judge of a series that is shown has its doubles. They are read when they are scraped. */
export interface ShownJudge {
  readonly doubles: Float64Array;
  readonly at: number;
}

/** A series that is shown, as the gauges see it. */
interface Judged {
  readonly models: readonly Contestant[];
  /** Undefined where there is none yet. */
  readonly judge?: ShownJudge | undefined;
}

interface JudgeGauge {
  readonly name: string;
  readonly help: string;
  /** Value of model `m` of a series when it is scraped; undefined where there is none yet. */
  of(series: Judged, m: number): number | undefined;
}

/** Gauges of each model of each series that is shown. */
export const judgeGauges: readonly JudgeGauge[] = [
  {
    name: "regatta_model_champion",
    help: "1 of the champion of a series, 0 of its challengers",
    of: ({ judge }, m) => judge && Number(judge.doubles[judge.at + CHAMPION] === m),
  },
  {
    name: "regatta_model_evidence",
    help: "Evidence that a challenger forecasts a series better than its champion: 1 when a reign begins",
    of: ({ judge }, m) => judge && evidenceAt(judge.doubles, judge.at, m),
  },
  {
    name: "regatta_model_fading_mse",
    help: "Mean squared error of a model in a series in which older errors fade",
    of: ({ judge }, m) => judge && fadingOf(judge.doubles, modelAt(judge.at, m)),
  },
  {
    name: "regatta_model_skill",
    help: "1 less the mean squared error of a model over that of the last value: below 0 is worse than doing nothing",
    of: ({ models, judge }, m) => judge && skillAt(judge.doubles, judge.at, models[m]),
  },
  {
    name: "regatta_model_coverage",
    help: "Share of the intervals of a model in a series that held y",
    of: ({ judge }, m) => judge && coverageOf(judge.doubles, modelAt(judge.at, m)),
  },
  {
    name: "regatta_model_interval_half_width",
    help: "How far the next interval of a model in a series reaches to each side of its forecast",
    of: ({ judge }, m) => judge && known(widthOf(judge.doubles, modelAt(judge.at, m), 0)),
  },
];

const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** A series that is shown, with its name. */
interface NamedJudged extends Pick<Judged, "judge"> {
  readonly topic: string;
  readonly series: string;
}

const BASELINE_GAUGES = [
  {
    name: "regatta_baseline_mse",
    help: "Prequential mean squared error of a baseline in a series: of the last value, or of the mean of all",
    values: { last: lastMse, mean: meanMse },
  },
  {
    name: "regatta_baseline_scored_forecasts",
    help: "Forecasts that the mean squared error of a baseline in a series is of",
    values: { last: lastScored, mean: meanScored },
  },
];

/** Registers the scores of the baselines, `{topic,series,baseline}`. */
export function registerBaselines(registry: Registry, shown: () => readonly NamedJudged[]): void {
  for (const { name, help, values } of BASELINE_GAUGES) {
    new Gauge({
      name,
      help: `${help}, for the first METRICS_SERIES_MAX series`,
      labelNames: ["topic", "series", "baseline"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { topic, series, judge } of shown()) {
          if (judge === undefined) continue;
          for (const [baseline, of] of Object.entries(values)) {
            const value = of(judge.doubles, judge.at);
            if (value !== undefined) this.set({ topic, series, baseline }, value);
          }
        }
      },
    });
  }
}
