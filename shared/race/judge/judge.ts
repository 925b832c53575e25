/**
 * The judge of a race: an observation is asked when its x is known and told when its y is. A plain one is asked and told at once.
 * Allocates nothing but where the champion changes. Pure: the doubles that are passed in change. places.ts says what they are.
 */
import { correctedMse, prequentialMse } from "../score.js";
import { correctBaselines, lastOf, learnBaselines, meanOf, scoreLast, scoreMean } from "./baselines.js";
import { learnPair } from "./evidence.js";
import { learnInterval, widthOf } from "./interval.js";
import { type JudgeParameters, missOf } from "./judge-settings.js";
import { learnRegrets, weigh } from "./mixture.js";
import {
  ASKED_CHAMPION,
  ASKED_LAST,
  ASKED_MEAN,
  ASKED_MIXTURE,
  ASKED_MIXTURE_WIDTH,
  ASKED_WEIGHTS,
  askedWidthAt,
  CHAMPION,
  COMPANIONS,
  JUDGED,
  judgeLength,
  MIXTURE,
  MIXTURE_MSE,
  mixtureAt,
  modelAt,
  NONE,
  PAIR,
  SINCE,
} from "./places.js";
import { correctMae, isScorable as isScorableBy, learnScores } from "./scores.js";
import { crown, type Decision, successorOf } from "./verdict.js";

/** Places of what was scored of mixture, `last` and `mean`. */
const MIXTURE_SCORED = 0;
const LAST_SCORED = 1;
const MEAN_SCORED = 2;

/** What {@link tell} decided. */
export interface Told {
  readonly decision: Decision;
  /** Places of the models: the champion from now on, and on a switch the one before, else {@link NONE}. */
  readonly champion: number;
  readonly from: number;
  /** The judge after the observation; on a switch as it stood before the pairs began anew. */
  readonly judge: Float64Array;
  readonly at: number;
  /** What was scored of mixture, `last` and `mean`, for a correction: NaN where one was not scored. */
  readonly companions: Float64Array;
}

/** What the observation at hand leads to; each has it anew. */
const told: { -readonly [P in keyof Told]: Told[P] } = {
  decision: "keep",
  champion: 0,
  from: NONE,
  judge: new Float64Array(0),
  at: 0,
  companions: new Float64Array(COMPANIONS),
};

/** Working memory: errors by model, and the judge before a switch. They grow to the most models so far. */
let errors = new Float64Array(0);
let before = new Float64Array(0);

/**
 * Freezes what the judge says of an observation whose models have forecast.
 * @param forecasts by model, from `forecastsAt`: NaN where one has none that is finite
 * @param asked     where it goes, from `askedAt`, see places.ts
 */
export function ask(
  judge: Float64Array,
  at: number,
  models: number,
  forecasts: Float64Array,
  forecastsAt: number,
  asked: Float64Array,
  askedAt: number,
): void {
  const yhat = weigh(judge, at, models, forecasts, forecastsAt, asked, askedAt + ASKED_WEIGHTS);
  asked[askedAt + ASKED_CHAMPION] = judge[at + CHAMPION];
  asked[askedAt + ASKED_MIXTURE] = yhat;
  asked[askedAt + ASKED_MIXTURE_WIDTH] = widthOf(judge, mixtureAt(at), yhat);
  asked[askedAt + ASKED_LAST] = lastOf(judge, at);
  asked[askedAt + ASKED_MEAN] = meanOf(judge, at);
  for (let m = 0; m < models; m++) {
    const width = widthOf(judge, modelAt(at, m), forecasts[forecastsAt + m]);
    asked[askedWidthAt(askedAt, models, m)] = width;
  }
}

/** Whether the scores of model `m` stay finite with an error; otherwise the model is to refuse the observation whole. */
export function isScorable(
  judge: Float64Array,
  at: number,
  m: number,
  error: number,
  { raceFading }: JudgeParameters,
): boolean {
  return isScorableBy(judge, modelAt(at, m), error, raceFading);
}

/**
 * Judges an observation, in this order: scores of models, of baselines, mixture, intervals, pairs of the present champion, verdict;
 * then the baselines learn.
 * @param asked  what was frozen, from `askedAt`
 * @param scored the models' forecasts as they were asked, from `scoredAt`: NaN where one has none, or refused the observation
 * @param i      the observation's counter
 * @returns what it leads to, until the next call
 */
export function tell(
  judge: Float64Array,
  at: number,
  models: number,
  parameters: JudgeParameters,
  asked: Float64Array,
  askedAt: number,
  scored: Float64Array,
  scoredAt: number,
  i: number,
  y: number,
): Told {
  scoreModels(judge, at, models, scored, scoredAt, y, parameters.raceFading);
  tellBaselines(judge, at, asked, askedAt, y);
  tellMixture(judge, at, models, parameters, asked, askedAt, scored, scoredAt, y);
  tellIntervals(judge, at, models, asked, askedAt, scored, scoredAt, y, missOf(parameters));
  learnPairs(judge, at, models, asked, askedAt);
  decide(judge, at, models, parameters, i);
  learnBaselines(judge, at, y);
  return told;
}

/** Fills in the errors, too. */
function scoreModels(
  judge: Float64Array,
  at: number,
  models: number,
  scored: Float64Array,
  scoredAt: number,
  y: number,
  fading: number,
): void {
  if (errors.length < models) errors = new Float64Array(models);
  for (let m = 0; m < models; m++) {
    const error = y - scored[scoredAt + m];
    errors[m] = error;
    if (!Number.isNaN(error)) learnScores(judge, modelAt(at, m), error, fading);
  }
}

function tellBaselines(judge: Float64Array, at: number, asked: Float64Array, askedAt: number, y: number): void {
  const { companions } = told;
  const last = asked[askedAt + ASKED_LAST];
  companions[LAST_SCORED] = scoreLast(judge, at, y - last) ? last : Number.NaN;
  const mean = asked[askedAt + ASKED_MEAN];
  companions[MEAN_SCORED] = scoreMean(judge, at, y - mean) ? mean : Number.NaN;
}

/** The mixture is scored and learns. */
function tellMixture(
  judge: Float64Array,
  at: number,
  models: number,
  parameters: JudgeParameters,
  asked: Float64Array,
  askedAt: number,
  scored: Float64Array,
  scoredAt: number,
  y: number,
): void {
  const yhat = asked[askedAt + ASKED_MIXTURE];
  const isScored = scoreMixture(judge, at, y - yhat, parameters.raceFading);
  told.companions[MIXTURE_SCORED] = isScored ? yhat : Number.NaN;
  if (!isScored) return;
  learnRegrets(judge, at, models, yhat, y, scored, scoredAt, parameters.racePhi);
  learnInterval(judge, mixtureAt(at), y, yhat, asked[askedAt + ASKED_MIXTURE_WIDTH], missOf(parameters));
}

function tellIntervals(
  judge: Float64Array,
  at: number,
  models: number,
  asked: Float64Array,
  askedAt: number,
  scored: Float64Array,
  scoredAt: number,
  y: number,
  miss: number,
): void {
  for (let m = 0; m < models; m++) {
    const yhat = scored[scoredAt + m];
    if (Number.isNaN(errors[m])) continue;
    learnInterval(judge, modelAt(at, m), y, yhat, asked[askedWidthAt(askedAt, models, m)], miss);
  }
}

/** @returns false where there is no error, or a score would not be finite: nothing has changed then */
function scoreMixture(judge: Float64Array, at: number, error: number, fading: number): boolean {
  const forecaster = mixtureAt(at);
  const mse = prequentialMse(judge[at + MIXTURE + MIXTURE_MSE], error, judge[forecaster + JUDGED] + 1);
  if (!Number.isFinite(mse) || !isScorableBy(judge, forecaster, error, fading)) return false;
  judge[at + MIXTURE + MIXTURE_MSE] = mse;
  learnScores(judge, forecaster, error, fading);
  return true;
}

/** A model that joined after the question is no opponent in it. */
function learnPairs(judge: Float64Array, at: number, models: number, asked: Float64Array, askedAt: number): void {
  const champion = judge[at + CHAMPION] | 0;
  const weights = askedAt + ASKED_WEIGHTS;
  if (Number.isNaN(asked[weights + champion])) return;
  for (let k = 0; k < models; k++) {
    if (k === champion || Number.isNaN(asked[weights + k])) continue;
    learnPair(judge, modelAt(at, k) + PAIR, errors, champion, k);
  }
}

function decide(judge: Float64Array, at: number, models: number, { raceAlpha }: JudgeParameters, i: number): void {
  told.judge = judge;
  told.at = at;
  told.from = NONE;
  told.decision = "keep";
  if (Number.isNaN(judge[at + SINCE])) {
    judge[at + SINCE] = i;
    told.decision = "start";
  }
  told.champion = judge[at + CHAMPION] | 0;
  const successor = successorOf(judge, at, models, errors, raceAlpha);
  if (successor === NONE) return;
  const length = judgeLength(models);
  if (before.length < length) before = new Float64Array(length);
  for (let k = 0; k < length; k++) before[k] = judge[at + k];
  told.judge = before;
  told.at = 0;
  told.from = told.champion;
  told.champion = successor;
  told.decision = "switch";
  crown(judge, at, models, successor, i);
}

/**
 * The y of a judged observation was corrected: the plain means follow. Fading scores, intervals, mixture, evidence and what the
 * baselines learned stay: they say what was known then.
 * @param scored     forecasts of the models that were scored, from `scoredAt`: NaN where a model has none
 * @param companions those of {@link Told}, from `companionsAt`: all NaN where it was not judged, then nothing changes
 * @param from       y before
 * @param to         y now
 */
export function correctJudge(
  judge: Float64Array,
  at: number,
  models: number,
  scored: Float64Array,
  scoredAt: number,
  companions: Float64Array,
  companionsAt: number,
  from: number,
  to: number,
): void {
  const mixture = companions[companionsAt + MIXTURE_SCORED];
  const last = companions[companionsAt + LAST_SCORED];
  const mean = companions[companionsAt + MEAN_SCORED];
  if (Number.isNaN(mixture) && Number.isNaN(last) && Number.isNaN(mean)) return;
  for (let m = 0; m < models; m++) {
    const yhat = scored[scoredAt + m];
    if (!Number.isNaN(yhat)) correctMae(judge, modelAt(at, m), from - yhat, to - yhat);
  }
  if (!Number.isNaN(mixture)) correctMixture(judge, at, from - mixture, to - mixture);
  correctBaselines(
    judge,
    at,
    { error: from - last, corrected: to - last },
    { error: from - mean, corrected: to - mean },
  );
}

function correctMixture(judge: Float64Array, at: number, error: number, corrected: number): void {
  const forecaster = mixtureAt(at);
  const mse = at + MIXTURE + MIXTURE_MSE;
  judge[mse] = correctedMse(judge[mse], judge[forecaster + JUDGED], error, corrected);
  correctMae(judge, forecaster, error, corrected);
}
