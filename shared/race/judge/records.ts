/** What the judge says, as records. Pure. */
import type { Best, Verdict } from "../../contract/verdict-schemas.js";
import type { ObservationHead } from "../race.js";
import type { Contestant } from "../score.js";
import { lastMse, meanMse } from "./baselines.js";
import { evidenceOf, gapOf } from "./evidence.js";
import type { Told } from "./judge.js";
import type { JudgeParameters } from "./judge-settings.js";
import {
  ASKED_CHAMPION,
  ASKED_MIXTURE,
  ASKED_MIXTURE_WIDTH,
  ASKED_WEIGHTS,
  askedWidthAt,
  CHAMPION,
  JUDGED,
  MIXTURE,
  MIXTURE_MSE,
  mixtureAt,
  modelAt,
  NONE,
  PAIR,
  SINCE,
} from "./places.js";
import { coverageOf, fadingOf, maeOf, skillOf } from "./scores.js";
import { foremostOf, thresholdOf } from "./verdict.js";

/** A verdict without what it was decided by. */
export type ShownVerdict = Omit<Verdict, "topic" | "series" | "i" | "n" | "decision" | "reason" | "from">;

/** Whether a verdict is to be published. @param n scored observations of the series, this one included */
export function isVerdictDue({ decision }: Told, n: number, verdictEvery: number): boolean {
  return decision !== "keep" || n % verdictEvery === 0;
}

/**
 * The verdict of an observation that was told.
 * @param n      scored observations of the series, this one included
 * @param models of the race, in their order
 */
export function verdictOf(
  { topic, series, i }: ObservationHead,
  n: number,
  told: Told,
  models: readonly Contestant[],
  parameters: JudgeParameters,
): Verdict {
  const { decision, champion, from, judge, at } = told;
  const shown = shownVerdict(judge, at, models, parameters);
  const reason = decision === "start" ? "first-observation" : decision === "switch" ? "evidence" : "periodic";
  // Literals first: an object that begins with a spread takes V8 fifty times as long.
  if (decision !== "switch") return { topic, series, i, n, decision, reason, from: null, ...shown };
  const { name } = models[champion];
  const switched = { champion: name, since: i, ...foremostMembers(pairOf(judge, at, models, champion, parameters)) };
  return { topic, series, i, n, decision, reason, from: models[from].name, ...shown, ...switched };
}

/**
 * The verdict of a champion that is listed no longer.
 * @param from name of the champion before
 */
export function goneVerdict(
  { topic, series, i }: ObservationHead,
  n: number,
  judge: Float64Array,
  at: number,
  from: string,
  models: readonly Contestant[],
  parameters: JudgeParameters,
): Verdict {
  const shown = shownVerdict(judge, at, models, parameters);
  return { topic, series, i, n, decision: "switch", reason: "champion-gone", from, ...shown };
}

/** What the judge says now. */
export function shownVerdict(
  judge: Float64Array,
  at: number,
  models: readonly Contestant[],
  parameters: JudgeParameters,
): ShownVerdict {
  const champion = judge[at + CHAMPION];
  const places = models.map((_, m) => m).filter((m) => m !== champion);
  const pairs = places.map((m) => pairOf(judge, at, models, m, parameters));
  const foremost = foremostOf(judge, at, models.length);
  return {
    champion: models[champion].name,
    since: judge[at + SINCE],
    threshold: thresholdOf(models.length, parameters.raceAlpha),
    alpha: parameters.raceAlpha,
    pairs,
    models: models.map((scored, m) => ({
      model: scored.name,
      ...modelScores(judge, at, m, scored),
    })),
    mix: mixtureScores(judge, at),
    ...(foremost === NONE ? NO_PAIR : foremostMembers(pairs[places.indexOf(foremost)])),
  };
}

type ForemostMembers = Pick<
  ShownVerdict,
  "challenger" | "pairN" | "gap" | "lower" | "upper" | "gapMse" | "runN" | "runGapMse" | "evidence"
>;

const NO_PAIR: ForemostMembers = {
  challenger: null,
  pairN: null,
  gap: null,
  lower: null,
  upper: null,
  gapMse: null,
  runN: null,
  runGapMse: null,
  evidence: null,
};

/** How a verdict tells of the pair whose challenger is foremost. */
function foremostMembers(pair: Verdict["pairs"][number]): ForemostMembers {
  const { model, n, gap, lower, upper, gapMse, runN, runGapMse, evidence } = pair;
  return { challenger: model, pairN: n, gap, lower, upper, gapMse, runN, runGapMse, evidence };
}

function pairOf(
  judge: Float64Array,
  at: number,
  models: readonly Contestant[],
  m: number,
  { raceAlpha }: JudgeParameters,
): Verdict["pairs"][number] {
  return { model: models[m].name, ...gapOf(judge, modelAt(at, m) + PAIR, models.length - 1, raceAlpha) };
}

/** Evidence of model `m` against the champion; undefined of the champion itself. */
export function evidenceAt(judge: Float64Array, at: number, m: number): number | undefined {
  return m === judge[at + CHAMPION] ? undefined : evidenceOf(judge, modelAt(at, m) + PAIR);
}

/** Skill of model `m` against the last value, of its own n and mse; undefined before both were scored. */
export function skillAt(
  judge: Float64Array,
  at: number,
  { n, mse }: Pick<Contestant, "n" | "mse">,
): number | undefined {
  return skillOf(n === 0 ? undefined : mse, lastMse(judge, at));
}

/** Scores of model `m`. */
export function modelScores(judge: Float64Array, at: number, m: number, { n, mse }: Contestant): Verdict["mix"] {
  return judged(judge, at, modelAt(at, m), n, mse);
}

/** Scores of the mixture. */
export function mixtureScores(judge: Float64Array, at: number): Verdict["mix"] {
  const forecaster = mixtureAt(at);
  return judged(judge, at, forecaster, judge[forecaster + JUDGED], judge[at + MIXTURE + MIXTURE_MSE]);
}

function judged(judge: Float64Array, at: number, forecaster: number, n: number, score: number): Verdict["mix"] {
  const mse = n === 0 ? undefined : score;
  return {
    n,
    mse: mse ?? null,
    fading: fadingOf(judge, forecaster) ?? null,
    mae: maeOf(judge, forecaster) ?? null,
    r2: skillOf(mse, meanMse(judge, at)) ?? null,
    skill: skillOf(mse, lastMse(judge, at)) ?? null,
    coverage: coverageOf(judge, forecaster) ?? null,
  };
}

/**
 * The best forecast of an observation.
 * @param of        y is null in a question
 * @param names     of the models, in their order
 * @param forecasts of the models as they were asked, from `forecastsAt`: NaN where one has none
 * @param asked     what was frozen, from `askedAt`, see places.ts
 * @param time      of a label: when its question was asked, ms since the epoch
 */
export function bestOf(
  { topic, series, i, y }: ObservationHead,
  names: readonly string[],
  forecasts: Float64Array,
  forecastsAt: number,
  asked: Float64Array,
  askedAt: number,
  time?: number,
): Best {
  const models = names.length;
  const place = asked[askedAt + ASKED_CHAMPION];
  const champion =
    place === NONE
      ? null
      : {
          model: names[place],
          ...intervalOf(forecasts[forecastsAt + place], asked[askedWidthAt(askedAt, models, place)]),
        };
  const weights = Array.from({ length: models }, (_, m) => {
    const weight = asked[askedAt + ASKED_WEIGHTS + m];
    return Number.isNaN(weight) ? 0 : weight;
  });
  const mix = { ...intervalOf(asked[askedAt + ASKED_MIXTURE], asked[askedAt + ASKED_MIXTURE_WIDTH]), weights };
  const best: Best = { topic, series, i, y, champion, mix };
  if (time !== undefined) best.asked = time;
  return best;
}

function intervalOf(yhat: number, width: number) {
  if (Number.isNaN(yhat)) return { yhat: null, lower: null, upper: null };
  return Number.isNaN(width) ? { yhat, lower: null, upper: null } : { yhat, lower: yhat - width, upper: yhat + width };
}

/** Most numbers of a best forecast before its weights. */
export const BEST_NUMBERS = 9;

/**
 * Which layout {@link layBest} has laid down the numbers for: `shown` bestLayout, `first` firstBestLayout; undefined where a forecast
 * is null, or one of both intervals alone: then it is to be encoded.
 */
export type BestForm = "shown" | "first" | undefined;

/**
 * Lays down the numbers of the best forecast of a plain observation: i, y, champion and its yhat, lower, upper, those of the mixture,
 * weights; without lower and upper where neither is shown.
 * @param to   numbers, i and y of the observation at their front
 * @param toAt where they go
 */
export function layBest(
  models: number,
  forecasts: Float64Array,
  forecastsAt: number,
  asked: Float64Array,
  askedAt: number,
  to: Float64Array,
  toAt: number,
): BestForm {
  const champion = asked[askedAt + ASKED_CHAMPION];
  const yhat = champion === NONE ? Number.NaN : forecasts[forecastsAt + champion];
  const mixture = asked[askedAt + ASKED_MIXTURE];
  if (Number.isNaN(yhat) || Number.isNaN(mixture)) return undefined;
  const width = asked[askedWidthAt(askedAt, models, champion)];
  const mixtureWidth = asked[askedAt + ASKED_MIXTURE_WIDTH];
  const isShown = !Number.isNaN(width);
  if (isShown === Number.isNaN(mixtureWidth)) return undefined;
  let at = toAt;
  to[at++] = to[0];
  to[at++] = to[1];
  to[at++] = champion;
  to[at++] = yhat;
  if (isShown) {
    to[at++] = yhat - width;
    to[at++] = yhat + width;
  }
  to[at++] = mixture;
  if (isShown) {
    to[at++] = mixture - mixtureWidth;
    to[at++] = mixture + mixtureWidth;
  }
  for (let m = 0; m < models; m++) to[at++] = asked[askedAt + ASKED_WEIGHTS + m];
  return isShown ? "shown" : "first";
}
