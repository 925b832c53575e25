/**
 * The race of one series as the bytes that it is stored in, format 6: doubles, then text. With n features, p = n + 1:
 *
 *   n · models m · observations so far · steps (see {@link STEPS}) · models ranked, 0 before the first observation or m
 *     · i of the observation since which the leader leads · largest timestamp so far, -∞ before the first record · open questions
 *     · places d of closed i's · i's closed since there are so many places · alpha, coverage, fading and phi of the judge
 *     · where the judge begins
 *   rows     10 p: a ring of the last rows [y, x1, ..., xn]; row k, from 0, begins at (k mod 10) p
 *   order    m places in the list of models, best first, as decided last
 *   begins   m places of the race's doubles: where each model begins
 *   models   m of them, each: prequential mse, 0 while it is not scored · forecasts scored · refusals in a row that are the model's
 *            own fault · errors y − ŷ, a ring of 10: number k, from 0, is at k mod 10 · ν, β and the factors of V, as rls.ts lays them, or
 *            what other-models.ts says
 *   judge    scores, mixture, intervals and evidence, see shared/race/judge/places.ts
 *   closed   the last i's that were answered or given up, see packed-closed.ts: d i's, d y's, d times, d times the forecasts
 *   names    m texts, each its length as u8 and its UTF-8 bytes
 *
 * n, m, d and the names decide every length, so bytes that are cut short or too long are noticed.
 */

import { rlsLength } from "../../shared/models/rls.js";
import type { JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { COMPANIONS, judgeLength, newJudge } from "../../shared/race/judge/places.js";
import type { PackedValue } from "../../shared/service-definition.js";
import type { RlsModel } from "./model-list.js";
import { isMark, otherLength, storedLength } from "./other-models.js";

/** Rows and errors that a race keeps for reading: the last ones, as in the notebook. */
export const RECENT = 10;

/** Places of the first doubles, from the race's first one. */
export const FEATURES = 0;
export const MODELS = 1;
export const COUNT = 2;
/**
 * Steps so far. An observation that changes nothing but what its row says is one step more: learning from the row again gives
 * the same race. Any other is {@link RECENT} + 1 more, so that the newest steps never lead across it.
 */
export const STEPS = 3;
export const RANKED = 4;
export const SINCE = 5;
export const TIME = 6;
/** Questions that are open: while there are none, a record need not be looked up in the ledger. */
export const OPEN = 7;
export const CLOSED_MAX = 8;
export const CLOSED = 9;
/** What the judge computes with: alpha, coverage, fading and phi. A race carries them, since a restore does its steps again. */
const PARAMETERS = 10;
const JUDGE = 14;
export const ROWS = 15;

/** Places of a model's doubles, from its first one. */
export const MSE = 0;
export const N = 1;
export const REFUSALS = 2;
export const ERRORS = 3;
export const RLS = ERRORS + RECENT;

/** Doubles of a closed i beside its forecasts: i, y, and when it was asked. */
export const CLOSED_HEAD = 3;

/** A place of the order that names none of the models. */
export const NONE = -1;

const NAME_BYTES_MAX = 255;

/**
 * Number of features of the series, the same for every observation. `| 0` makes an integer of the double, and of all places that
 * are computed from it: places that are doubles take twice as long.
 */
export function featuresOf({ doubles, at }: PackedValue): number {
  return doubles[at + FEATURES] | 0;
}

/** Number of models. */
export function modelsOf({ doubles, at }: PackedValue): number {
  return doubles[at + MODELS] | 0;
}

/** Where the order begins. */
export function orderAt(race: PackedValue): number {
  return race.at + ROWS + RECENT * (featuresOf(race) + 1);
}

/** Where model `m` begins, from 0. */
export function modelAt(race: PackedValue, m: number): number {
  return race.at + (race.doubles[orderAt(race) + modelsOf(race) + m] | 0);
}

/** Where the judge begins. */
export function judgeAt({ doubles, at }: PackedValue): number {
  return at + (doubles[at + JUDGE] | 0);
}

/** Where number `k`, from 0, is in a ring. The remainder of doubles takes ten times as long as that of integers. */
export function slotOf(k: number): number {
  return k < 2 ** 31 ? (k | 0) % RECENT : k % RECENT;
}

/** Where the closed i's begin. */
export function closedAt(race: PackedValue): number {
  return judgeAt(race) + judgeLength(modelsOf(race));
}

/** Forecasts of a closed i: those of the models, in their order, then the judge's own. */
export function closedForecasts(models: number): number {
  return models + COMPANIONS;
}

/** Places of closed i's. */
export function closedMaxOf({ doubles, at }: PackedValue): number {
  return doubles[at + CLOSED_MAX] | 0;
}

/** Bytes of a race of these models. @param closedMax places of closed i's */
export function raceBytes(models: readonly RlsModel[], features: number, closedMax: number): number {
  const judge = modelsEnd(models, features);
  return (
    8 * (judge + judgeLength(models.length) + closedLength(models.length, closedMax)) + encodedNames(models).length
  );
}

/** Writes what no observation changes: n, the number of models and their names, what lies where; and that there was no record. */
export function layOut(race: PackedValue, models: readonly RlsModel[], features: number, closedMax: number): void {
  const { bytes, doubles, at } = race;
  doubles[at + FEATURES] = features;
  doubles[at + MODELS] = models.length;
  doubles[at + TIME] = Number.NEGATIVE_INFINITY;
  doubles[at + CLOSED_MAX] = closedMax;
  const begins = orderAt(race) + models.length;
  let place = begins + models.length - at;
  for (let m = 0; m < models.length; m++) {
    doubles[begins + m] = place;
    place += modelLength(models[m], features + 1);
  }
  doubles[at + JUDGE] = place;
  newJudge(doubles, judgeAt(race), models.length);
  encodedNames(models).copy(bytes, namesAt(race));
}

/**
 * Whether the race's models are these, in this order, and it has so many places of closed i's. Asked at every record, so it
 * allocates nothing.
 */
export function isOf(race: PackedValue, models: readonly RlsModel[], closedMax: number): boolean {
  if (modelsOf(race) !== models.length || closedMaxOf(race) !== closedMax) return false;
  const { bytes, doubles, at, length } = race;
  const names = encodedNames(models);
  const from = namesAt(race);
  if (8 * at + length - names.length !== from) return false;
  for (let k = 0; k < names.length; k++) if (bytes[from + k] !== names[k]) return false;
  for (let m = 0; m < models.length; m++) if (doubles[modelAt(race, m) + RLS] !== models[m].nu) return false;
  return true;
}

/** Whether the race's judge computes with these: asked at every record. */
export function hasParameters({ doubles, at }: PackedValue, wanted: JudgeParameters): boolean {
  return (
    doubles[at + PARAMETERS] === wanted.raceAlpha &&
    doubles[at + PARAMETERS + 1] === wanted.raceCoverage &&
    doubles[at + PARAMETERS + 2] === wanted.raceFading &&
    doubles[at + PARAMETERS + 3] === wanted.racePhi
  );
}

/** Sets what the race's judge computes with. */
export function setParameters({ doubles, at }: PackedValue, wanted: JudgeParameters): void {
  const { raceAlpha, raceCoverage, raceFading, racePhi } = wanted;
  doubles.set([raceAlpha, raceCoverage, raceFading, racePhi], at + PARAMETERS);
}

const parameters: { -readonly [K in keyof JudgeParameters]: JudgeParameters[K] } = {
  raceAlpha: 0,
  raceCoverage: 0,
  raceFading: 0,
  racePhi: 0,
};

/** What the race's judge computes with, until the next call. */
export function parametersOf({ doubles, at }: PackedValue): JudgeParameters {
  parameters.raceAlpha = doubles[at + PARAMETERS];
  parameters.raceCoverage = doubles[at + PARAMETERS + 1];
  parameters.raceFading = doubles[at + PARAMETERS + 2];
  parameters.racePhi = doubles[at + PARAMETERS + 3];
  return parameters;
}

/** The names of the race's models, in their order. */
export function namesOf(race: PackedValue): string[] {
  const { bytes } = race;
  const names: string[] = [];
  let place = namesAt(race);
  for (let m = modelsOf(race); m > 0; m--) {
    const end = place + 1 + bytes[place];
    names.push(bytes.toString("utf8", place + 1, end));
    place = end;
  }
  return names;
}

/**
 * Checks the shape of a race.
 * @throws {RangeError} the bytes are none of this format
 */
export function checkRace(body: Buffer): void {
  if (body.length < 8 * ROWS) throw wrong(body, `at least ${8 * ROWS} bytes`);
  const number = (place: number) => body.readDoubleLE(8 * place);
  const [features, models, ranked, closedMax] = [FEATURES, MODELS, RANKED, CLOSED_MAX].map(number);
  if (!(Number.isSafeInteger(features) && features >= 1 && features < 2 ** 31))
    throw wrong(body, `1 feature or more, got ${features},`);
  if (!(Number.isSafeInteger(models) && models >= 1 && models < 2 ** 31))
    throw wrong(body, `1 model or more, got ${models},`);
  if (ranked !== 0 && ranked !== models) throw wrong(body, `${models} models ranked or none, got ${ranked},`);
  if (!(Number.isSafeInteger(closedMax) && closedMax >= 0 && closedMax < 2 ** 31))
    throw wrong(body, `0 places of closed questions or more, got ${closedMax},`);
  const order = ROWS + RECENT * (features + 1);
  const judge = modelsEndIn(body, features, models, order);
  let end = 8 * (judge + judgeLength(models) + closedLength(models, closedMax));
  let named = 0;
  for (; named < models && end < body.length; named++) end += 1 + body[end];
  if (end !== body.length || named !== models) throw wrong(body, `${models} models of ${features} features`);
  if (ranked !== 0) checkOrder(body, order, models);
  if (number(JUDGE) !== judge) throw wrong(body, `the judge at ${judge}`);
}

/** Where the models end: each has to begin where the one before it ends. */
function modelsEndIn(body: Buffer, features: number, models: number, order: number): number {
  const number = (place: number) => (8 * place + 8 <= body.length ? body.readDoubleLE(8 * place) : Number.NaN);
  let end = order + 2 * models;
  for (let m = 0; m < models && 8 * end < body.length; m++) {
    if (number(order + models + m) !== end) throw wrong(body, `model ${m} at ${end}`);
    const own = end + RLS;
    const nu = number(own);
    end = own + (isMark(nu) ? storedLength(nu, features + 1, (k) => number(own + 1 + k)) : rlsLength(features + 1));
  }
  return end;
}

function checkOrder(body: Buffer, at: number, models: number): void {
  const places = new Set<number>();
  for (let k = 0; k < models; k++) places.add(body.readDoubleLE(8 * (at + k)));
  for (let m = 0; m < models; m++) if (!places.has(m)) throw wrong(body, `an order of ${models} models`);
}

function wrong(body: Buffer, expected: string): RangeError {
  return new RangeError(`expected ${expected} in a race, got ${body.length} bytes: it is cut short, or none`);
}

function modelsEnd(models: readonly RlsModel[], features: number): number {
  const begins = ROWS + RECENT * (features + 1) + 2 * models.length;
  return models.reduce((sum, model) => sum + modelLength(model, features + 1), begins);
}

function closedLength(models: number, closedMax: number): number {
  return closedMax * (CLOSED_HEAD + closedForecasts(models));
}

/** The byte at which the names begin. */
function namesAt(race: PackedValue): number {
  return 8 * (closedAt(race) + closedLength(modelsOf(race), closedMaxOf(race)));
}

/** Doubles of a model. @param p coefficients */
export function modelLength({ nu, parameters = {} }: RlsModel, p: number): number {
  return RLS + (isMark(nu) ? otherLength(nu, parameters, p) : rlsLength(p));
}

/** The list of models asked for last, which is nearly always the one of the settings, and its names as bytes. */
let encoded: { models: readonly RlsModel[]; names: Buffer } = { models: [], names: Buffer.alloc(0) };

function encodedNames(models: readonly RlsModel[]): Buffer {
  if (encoded.models !== models) {
    const texts = models.map(({ name }) => Buffer.from(name).subarray(0, NAME_BYTES_MAX));
    encoded = { models, names: Buffer.concat(texts.flatMap((text) => [Buffer.of(text.length), text])) };
  }
  return encoded.names;
}
