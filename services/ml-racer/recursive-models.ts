/**
 * The recursive models of a race, which need no window: such a model forecasts, is scored and learns when the turn of the observation
 * has come, in the order of the records. What it keeps is a part of the race: its refusals in a row that are its own fault, then what
 * its file in shared/models lays. Its name, which is its text in the list, says what it is.
 */
import type { ModelSpecification } from "../../shared/models/kind.js";
import {
  beginModel,
  canBeLearned,
  parametersAt,
  REFUSALS_MAX,
  type RecursiveKind,
} from "../../shared/models/recursive-kind.js";
import { recursiveKinds } from "../../shared/models/recursive-kinds.js";

/** What is needed of a model of a race. */
export interface RecursiveModel {
  readonly name: string;
  /** Empty where it is trained on a window. */
  readonly state: Float64Array;
}

/** Where a model's doubles begin in its state, which has its refusals before them. */
const OWN = 1;

/** What a model keeps before its first observation: nothing where it is trained for every forecast. */
export function newState({ kind, parameters }: ModelSpecification, features: number): Float64Array {
  const recursive = recursiveKinds.get(kind);
  if (recursive === undefined) return new Float64Array(0);
  const p = features + 1;
  const state = new Float64Array(OWN + recursive.length(parameters, p));
  beginModel(recursive, state, OWN, p, parameters);
  return state;
}

/** Doubles that models keep in a series of so many features. */
export function stateLength(models: readonly ModelSpecification[], features: number): number {
  return models.reduce((sum, { kind, parameters }) => {
    return sum + (recursiveKinds.get(kind)?.length(parameters, features + 1) ?? 0);
  }, 0);
}

/** Whether a model learns from one observation after the other. */
export function isRecursive({ state }: RecursiveModel): boolean {
  return state.length > 0;
}

/** @returns the forecast of x; not finite where the arithmetic of doubles overflows */
export function forecastRecursive({ name, state }: RecursiveModel, x: Float64Array): number {
  return kindOf(name).forecast(state, OWN, x.length + 1, regressorsOf(x));
}

/** Has a model learn. @returns false where no finite state follows; it is then as it was */
export function learnRecursive({ name, state }: RecursiveModel, x: Float64Array, y: number): boolean {
  const hasLearned = kindOf(name).learn(state, OWN, x.length + 1, regressorsOf(x), y);
  if (hasLearned) state[0] = 0;
  return hasLearned;
}

/** Counts a refusal of an observation. @returns whether the model has started from nothing */
export function countRefusal({ name, state }: RecursiveModel, x: Float64Array, y: number): boolean {
  const kind = kindOf(name);
  const p = x.length + 1;
  if (!canBeLearned(kind, state, OWN, p, regressorsOf(x), y)) return false;
  if (++state[0] < REFUSALS_MAX) return false;
  state[0] = 0;
  beginModel(kind, state, OWN, p, parametersAt(kind, state, OWN));
  return true;
}

/** How `/state` shows a model: its kind and hyper-parameters, which only a version that knows the kind can read. */
export function shownRecursive({ name, state }: RecursiveModel) {
  const kind = recursiveKinds.get(kindNameOf(name));
  return { kind: kindNameOf(name), ...(kind && parametersAt(kind, state, OWN)) };
}

function kindNameOf(name: string): string {
  const end = name.indexOf(":");
  return end === -1 ? name : name.slice(0, end);
}

/** @throws {RangeError} the name is that of another model, which has no state */
function kindOf(name: string): RecursiveKind {
  const kind = recursiveKinds.get(kindNameOf(name));
  if (kind === undefined) throw new RangeError(`expected a recursive model, got ${name}`);
  return kind;
}

/** Working memory: 1, x1, ..., xn. It grows to the most features so far. */
let scratch = new Float64Array(0);

function regressorsOf(x: Float64Array): Float64Array {
  if (scratch.length <= x.length) scratch = new Float64Array(x.length + 1);
  scratch[0] = 1;
  scratch.set(x, 1);
  return scratch;
}
