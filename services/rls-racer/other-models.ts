/**
 * Models of the race that are no recursive least squares. Where those have ν, one of these has the negative number of its kind, and
 * behind it what its file in shared/models lays. The numbers are a part of the race's format: none may change.
 */
import { holt } from "../../shared/models/holt.js";
import { last } from "../../shared/models/last.js";
import { mean } from "../../shared/models/mean.js";
import { beginModel, canBeLearned, parametersAt, type RecursiveKind } from "../../shared/models/recursive-kind.js";
import { sgd } from "../../shared/models/sgd.js";

/** By number, from 1. */
const OTHERS: readonly (readonly [string, RecursiveKind])[] = [
  ["last", last],
  ["mean", mean],
  ["holt", holt],
  ["sgd", sgd],
];

/** What stands in the place of ν for a kind. @throws {RangeError} it is none of these */
export function markOf(kind: string): number {
  const place = OTHERS.findIndex(([name]) => name === kind);
  if (place === -1) throw new RangeError(`expected one of ${OTHERS.map(([name]) => name).join(", ")}, got ${kind}`);
  return -1 - place;
}

/** Whether what stands in the place of ν is the mark of one of these. */
export function isMark(nu: number): boolean {
  return nu < 0;
}

/** @throws {RangeError} it is the mark of none */
function kindOf(mark: number): RecursiveKind {
  const known = OTHERS[-1 - mark];
  if (known === undefined) throw new RangeError(`expected the mark of one of ${OTHERS.length} kinds, got ${mark}`);
  return known[1];
}

/** Doubles of a model, its mark included. @throws {RangeError} the mark is that of none */
export function otherLength(mark: number, parameters: Readonly<Record<string, number>>, p: number): number {
  return 1 + kindOf(mark).length(parameters, p);
}

/** As {@link otherLength}, of a model that is stored. @param number the double at a place behind the mark, from 0 */
export function storedLength(mark: number, p: number, number: (place: number) => number): number {
  const { parameters } = kindOf(mark);
  const stored = Object.entries(parameters).map(([name, { parse }], k) => {
    const value = parse(String(number(k)));
    if (value === undefined) throw new RangeError(`expected another ${name} in a race, got ${number(k)}`);
    return [name, value] as const;
  });
  return otherLength(mark, Object.fromEntries(stored), p);
}

/** Makes a model before its first observation. */
export function beginOther(
  doubles: Float64Array,
  at: number,
  p: number,
  mark: number,
  parameters: Readonly<Record<string, number>>,
): void {
  doubles[at] = mark;
  beginModel(kindOf(mark), doubles, at + 1, p, parameters);
}

/** Has the model at `at` forget what it has learned. */
export function resetOther(doubles: Float64Array, at: number, p: number): void {
  beginOther(doubles, at, p, doubles[at], parametersAt(kindOf(doubles[at]), doubles, at + 1));
}

/** See {@link RecursiveKind.forecast}. */
export function forecastOther(doubles: Float64Array, at: number, p: number, x: Float64Array): number {
  return kindOf(doubles[at]).forecast(doubles, at + 1, p, x);
}

/** See {@link RecursiveKind.learn}. */
export function learnOther(doubles: Float64Array, at: number, p: number, x: Float64Array, y: number): boolean {
  return kindOf(doubles[at]).learn(doubles, at + 1, p, x, y);
}

/** See {@link canBeLearned}. */
export function couldOtherLearn(doubles: Float64Array, at: number, p: number, x: Float64Array, y: number): boolean {
  return canBeLearned(kindOf(doubles[at]), doubles, at + 1, p, x, y);
}

/** How `/state` shows the model at `at`: its kind and its hyper-parameters. */
export function shownOther(doubles: Float64Array, at: number) {
  const place = -1 - doubles[at];
  return { kind: OTHERS[place][0], ...parametersAt(kindOf(doubles[at]), doubles, at + 1) };
}
