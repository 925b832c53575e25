/**
 * Reads races of formats 3 to 5, which are laid out as today's, see packed-race.ts. One of format 5 is always stored as a whole. Formats
 * 3 and 4 have no judge: their scores go on, evidence begins. Format 4 has the first ten numbers of the head, no places of the models
 * after the order, and of a closed i the forecasts of the models alone. Format 3 has the first six numbers, and no closed i's.
 */

import { rlsLength } from "../../shared/models/rls.js";
import { newPackedValue, wholeBody } from "../../shared/packed-value.js";
import type { RlsModel } from "./model-list.js";
import { forecastsAt } from "./packed-closed.js";
import {
  CLOSED,
  CLOSED_HEAD,
  CLOSED_MAX,
  COUNT,
  checkRace,
  closedAt,
  FEATURES,
  layOut,
  MODELS,
  modelAt,
  orderAt,
  RECENT,
  RLS,
  ROWS,
  raceBytes,
  TIME,
} from "./packed-race.js";

/** Numbers of the head. */
const HEAD_OF_FORMAT_3 = 6;
const HEAD_OF_FORMAT_4 = 10;

/**
 * A race of format 3 in today's: nothing is open, and no i is remembered.
 * @throws {RangeError} the bytes are none of that format
 */
export function raceOfFormat3(stored: Buffer): Buffer {
  const body = bodyOf(stored, HEAD_OF_FORMAT_3);
  const head = Buffer.alloc(8 * HEAD_OF_FORMAT_4);
  body.copy(head, 0, 0, 8 * HEAD_OF_FORMAT_3);
  head.writeDoubleLE(Number.NEGATIVE_INFINITY, 8 * TIME);
  return withJudge(Buffer.concat([head, body.subarray(8 * HEAD_OF_FORMAT_3)]));
}

/** A race of format 4 in today's. @throws {RangeError} the bytes are none of that format */
export function raceOfFormat4(stored: Buffer): Buffer {
  return withJudge(bodyOf(stored, HEAD_OF_FORMAT_4));
}

/** A race of format 5, which is one of today's. @throws {RangeError} the bytes are none of that format */
export function raceOfFormat5(stored: Buffer): Buffer {
  const body = wholeBody(stored);
  checkRace(body);
  return body;
}

function bodyOf(stored: Buffer, head: number): Buffer {
  const body = wholeBody(stored);
  if (body.length < 8 * head) throw wrong(stored);
  return body;
}

function wrong(bytes: Buffer): RangeError {
  return new RangeError(`expected a race, got ${bytes.length} bytes that are none`);
}

/** @param body of format 4 */
function withJudge(body: Buffer): Buffer {
  const number = (place: number) => body.readDoubleLE(8 * place);
  const [features, models, closedMax] = [FEATURES, MODELS, CLOSED_MAX].map((place) => countOf(number(place), body));
  const length = RLS + rlsLength(features + 1);
  const order = HEAD_OF_FORMAT_4 + RECENT * (features + 1);
  const closed = order + models * (1 + length);
  const names = 8 * (closed + closedMax * (CLOSED_HEAD + models));
  if (names > body.length) throw wrong(body);
  const listed = Array.from({ length: models }, (_, m) => number(order + models + m * length + RLS));
  const racing = namesOf(body, names, listed);

  const race = newPackedValue(raceBytes(racing, features, closedMax));
  layOut(race, racing, features, closedMax);
  const copy = (from: number, to: number, count: number) => body.copy(race.bytes, 8 * to, 8 * from, 8 * (from + count));
  copy(COUNT, COUNT, CLOSED_MAX - COUNT);
  copy(CLOSED, CLOSED, 1);
  copy(HEAD_OF_FORMAT_4, ROWS, RECENT * (features + 1));
  copy(order, orderAt(race), models);
  for (let m = 0; m < models; m++) copy(order + models + m * length, modelAt(race, m), length);
  copy(closed, closedAt(race), CLOSED_HEAD * closedMax);
  for (let place = 0; place < closedMax; place++) {
    race.doubles.fill(Number.NaN, forecastsAt(race, place), forecastsAt(race, place + 1));
    copy(closed + CLOSED_HEAD * closedMax + place * models, forecastsAt(race, place), models);
  }
  const today = race.bytes.subarray(0, race.length);
  checkRace(today);
  return today;
}

function countOf(value: number, body: Buffer): number {
  if (!(Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31)) throw wrong(body);
  return value;
}

function namesOf(body: Buffer, from: number, nus: readonly number[]): RlsModel[] {
  let at = from;
  const models = nus.map((nu) => {
    const end = at + 1 + (body[at] ?? 0);
    const name = body.toString("utf8", at + 1, end);
    at = end;
    return { name, nu };
  });
  if (at !== body.length) throw wrong(body);
  return models;
}
