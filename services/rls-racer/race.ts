/**
 * The race of one series: several models forecast each observation, are scored on it, then learn from it. It works on the
 * race's stored bytes where they lie (packed-race.ts). Pure: nothing but the race that is passed in changes.
 */
import { NUMBER } from "../../shared/contract/observation-view.js";
import { canBeLearned, REFUSALS_MAX } from "../../shared/models/recursive-kind.js";
import { isPositiveDefinite, learn, newRls, predict, rls } from "../../shared/models/rls.js";
import type { Told } from "../../shared/race/judge/judge.js";
import { COMPANIONS } from "../../shared/race/judge/places.js";
import type { Question } from "../../shared/race/ledger/ledger.js";
import { type ForecastRefusal, refusalOf } from "../../shared/race/race.js";
import { prequentialMse, type Ranking } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { MODELS_MAX } from "./model-list.js";
import { couldOtherLearn, forecastOther, isMark, learnOther, resetOther } from "./other-models.js";
import { close, companionsAt, forecastsAt } from "./packed-closed.js";
import {
  COUNT,
  ERRORS,
  featuresOf,
  MSE,
  modelAt,
  modelsOf,
  N,
  NONE,
  RECENT,
  REFUSALS,
  RLS,
  ROWS,
  STEPS,
  slotOf,
} from "./packed-race.js";
import { askedThen, askNow, canBeScored, type Judged, tellOf } from "./race-judge.js";
import { orderAfter } from "./race-order.js";
import { learnBoth } from "./rls-pair.js";

/**
 * Why a model refused an observation; its state is then as it was. A closed set: it becomes a metric label. `not-scored`: there is no
 * forecast of the question, since the model refused it or joined later.
 */
export type Refusal = ForecastRefusal | "update-not-finite" | "not-scored";

/**
 * Why a model was reset to the prior. It keeps its score, since its forecasts were made. A closed set: it becomes a metric
 * label. `covariance-not-positive`: its V was read from a state of format 1 and was no longer positive definite.
 * `refusals-in-a-row`: it refused {@link REFUSALS_MAX} observations, because its coefficients have diverged.
 */
export type Reset = "covariance-not-positive" | "refusals-in-a-row";

/** What an observation leads to; besides it, the race itself says what its models are after it. Arrays are by model. */
export interface RaceStep {
  /** The forecasts made before learning; meaningless where the model refused. */
  readonly yhat: Float64Array;
  /** Undefined where the model learned. */
  readonly refusals: readonly (Refusal | undefined)[];
  /** Models that were reset; nearly always none. */
  readonly resets: readonly { readonly m: number; readonly reason: Reset }[];
  /** The order; undefined where it has not changed. */
  readonly ranking: Ranking | undefined;
  /** What the judge said before y was known, and what it decided then; undefined where there was none. */
  readonly judged: Judged | undefined;
  readonly told: Told | undefined;
}

/** What the step at hand leads to; each step has it anew. */
const step = {
  yhat: new Float64Array(MODELS_MAX),
  refusals: new Array<Refusal | undefined>(MODELS_MAX).fill(undefined),
  resets: [] as { m: number; reason: Reset }[],
  ranking: undefined as Ranking | undefined,
  judged: undefined as Judged | undefined,
  told: undefined as Told | undefined,
};
/** Of the step at hand, by model: the error that it learns from, and what its mse is if it is scored. */
const errors = new Float64Array(MODELS_MAX);
const mses = new Float64Array(MODELS_MAX);

/**
 * One observation: every model forecasts, is scored, learns; then it is judged, its i closed and the order decided. `race` is changed
 * in place.
 * Allocates nothing but where a model is reset or the order changes.
 * @param observed i, y, x1, ..., xn, as many features as the race has; what follows them is not read
 * @param question of a label: its forecasts are scored, and every model learns with the error of what it would forecast now
 * @param isJudged false: the judge does not see it, as before there was one
 * @returns what it leads to, until the next call
 */
export function raceStep(race: PackedValue, observed: Float64Array, question?: Question, isJudged = true): RaceStep {
  const { doubles, at } = race;
  const models = modelsOf(race);
  const p = featuresOf(race) + 1;
  const regressors = regressorsOf(observed, p);
  if (step.resets.length > 0) step.resets = [];
  for (let m = 0; m < models; m++) {
    const model = modelAt(race, m);
    if (!isMark(doubles[model + RLS]) && !isPositiveDefinite(doubles, model + RLS, p))
      reset(doubles, model, p, m, "covariance-not-positive");
    forecast(doubles, model, p, regressors, observed[NUMBER.y], m, question?.forecasts[m]);
    if (isJudged && step.refusals[m] === undefined && !canBeScored(race, m, observed[NUMBER.y] - step.yhat[m]))
      step.refusals[m] = "score-not-finite";
  }
  step.judged = !isJudged ? undefined : question === undefined ? askNow(race, step.yhat) : askedThen(race, question);
  learnAll(race, p, regressors, observed[NUMBER.y]);
  let isPlain = true;
  for (let m = 0; m < models; m++) {
    const model = modelAt(race, m);
    if (!score(doubles, model, p, regressors, observed[NUMBER.y], m)) isPlain = false;
    if (doubles[model + REFUSALS] >= REFUSALS_MAX) reset(doubles, model, p, m, "refusals-in-a-row");
  }
  const row = at + ROWS + slotOf(doubles[at + COUNT]) * p;
  for (let j = 0; j < p; j++) doubles[row + j] = observed[NUMBER.y + j];
  doubles[at + COUNT]++;
  const { judged } = step;
  step.told = judged && tellOf(race, judged, step.refusals, observed[NUMBER.i], observed[NUMBER.y]);
  closeStep(race, observed, question?.asked ?? Number.NaN);
  step.ranking = orderAfter(race, observed[NUMBER.i]);
  const isCrowned = step.told !== undefined && step.told.decision !== "keep";
  if (isPlain && question === undefined && step.resets.length === 0 && step.ranking === undefined && !isCrowned)
    doubles[at + STEPS]++;
  else skipSteps(race);
  return step;
}

/** The race has changed otherwise than by a step that its newest row tells of, see {@link STEPS}. */
export function skipSteps({ doubles, at }: PackedValue): void {
  doubles[at + STEPS] += RECENT + 1;
}

function closeStep(race: PackedValue, observed: Float64Array, asked: number): void {
  const place = close(race, observed[NUMBER.i], observed[NUMBER.y], asked);
  if (place === NONE) return;
  const { doubles } = race;
  const at = forecastsAt(race, place);
  for (let m = 0; m < modelsOf(race); m++) if (step.refusals[m] === undefined) doubles[at + m] = step.yhat[m];
  if (step.told === undefined) return;
  const companions = companionsAt(race, place);
  for (let k = 0; k < COMPANIONS; k++) doubles[companions + k] = step.told.companions[k];
}

/**
 * The forecasts of a question.
 * @param observed i, anything, x1, ..., xn
 * @returns by model; NaN where one is not finite
 */
export function forecastsOf(race: PackedValue, observed: Float64Array): Float64Array {
  const p = featuresOf(race) + 1;
  const regressors = regressorsOf(observed, p);
  return Float64Array.from({ length: modelsOf(race) }, (_, m) => {
    const yhat = forecastAt(race.doubles, modelAt(race, m) + RLS, p, regressors);
    return Number.isFinite(yhat) ? yhat : Number.NaN;
  });
}

function forecastAt(doubles: Float64Array, at: number, p: number, regressors: Float64Array): number {
  return isMark(doubles[at]) ? forecastOther(doubles, at, p, regressors) : predict(doubles, at, p, regressors);
}

/** A model forecasts, or refuses the observation. @param asked what it forecast of the question, undefined of a plain observation */
function forecast(
  doubles: Float64Array,
  model: number,
  p: number,
  regressors: Float64Array,
  y: number,
  m: number,
  asked: number | undefined,
): void {
  const now = forecastAt(doubles, model + RLS, p, regressors);
  const yhat = asked ?? now;
  step.yhat[m] = yhat;
  errors[m] = y - now;
  mses[m] = prequentialMse(doubles[model + MSE], y - yhat, doubles[model + N] + 1);
  step.refusals[m] = Number.isNaN(asked) ? "not-scored" : refusalOf(yhat, mses[m]);
}

/** All models learn that have not refused, those of recursive least squares two at a time. */
function learnAll(race: PackedValue, p: number, regressors: Float64Array, y: number): void {
  let other = NONE;
  for (let m = 0; m < modelsOf(race); m++) {
    if (step.refusals[m] !== undefined) continue;
    const own = modelAt(race, m) + RLS;
    if (isMark(race.doubles[own])) {
      if (!learnOther(race.doubles, own, p, regressors, y)) step.refusals[m] = "update-not-finite";
      continue;
    }
    if (other === NONE) {
      other = m;
      continue;
    }
    if (!learnBoth(race.doubles, modelAt(race, other) + RLS, own, p, regressors, errors[other], errors[m])) {
      learnAlone(race, p, regressors, other);
      learnAlone(race, p, regressors, m);
    }
    other = NONE;
  }
  if (other !== NONE) learnAlone(race, p, regressors, other);
}

function learnAlone(race: PackedValue, p: number, regressors: Float64Array, m: number): void {
  if (!learn(race.doubles, modelAt(race, m) + RLS, p, regressors, errors[m])) step.refusals[m] = "update-not-finite";
}

/** Scores what a model has forecast, or counts that it refused. @returns whether it has learned */
function score(
  doubles: Float64Array,
  model: number,
  p: number,
  regressors: Float64Array,
  y: number,
  m: number,
): boolean {
  if (step.refusals[m] !== undefined) {
    if (couldLearn(doubles, model + RLS, p, regressors, y)) doubles[model + REFUSALS]++;
    return false;
  }
  const n = doubles[model + N];
  doubles[model + ERRORS + slotOf(n)] = y - step.yhat[m];
  doubles[model + MSE] = mses[m];
  doubles[model + N] = n + 1;
  doubles[model + REFUSALS] = 0;
  return true;
}

/** Whether a model that has seen nothing would be scored on an observation and learn from it: its forecast is 0. */
function couldLearn(doubles: Float64Array, at: number, p: number, regressors: Float64Array, y: number): boolean {
  if (isMark(doubles[at])) return couldOtherLearn(doubles, at, p, regressors, y);
  return canBeLearned(rls, doubles, at, p, regressors, y);
}

function reset(doubles: Float64Array, model: number, p: number, m: number, reason: Reset): void {
  if (isMark(doubles[model + RLS])) resetOther(doubles, model + RLS, p);
  else newRls(doubles, model + RLS, p, doubles[model + RLS]);
  doubles[model + REFUSALS] = 0;
  step.resets.push({ m, reason });
}

/** Working memory: the regressors of the observation at hand. It grows to the largest p so far. */
let scratch = new Float64Array(0);

function regressorsOf(observed: Float64Array, p: number): Float64Array {
  if (scratch.length < p) scratch = new Float64Array(p);
  scratch[0] = 1;
  for (let j = 1; j < p; j++) scratch[j] = observed[NUMBER.y + j];
  return scratch;
}
