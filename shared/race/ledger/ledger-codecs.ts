/**
 * How a ledger, format 1, and its questions, format 2, become bytes: doubles, little endian as on every machine that Node runs on.
 *
 *   ledger    how often each outcome was counted, in the order of COUNTED · for each open question, the oldest first: i · asked
 *   question  asked · features n · models K · x1, ..., xn · a forecast for each model, NaN where there is none · what was judged
 *
 * Format 1 of a question has neither K nor what was judged.
 */
import { z } from "zod";
import type { Codec } from "../../service-definition.js";
import { arrayBytes, OBJECT_BYTES } from "../../state/state-bytes.js";
import { COUNTED, type Ledger, newLedger, type Question } from "./ledger.js";

/** What an entry of a map takes in memory, roughly. */
const MAP_ENTRY_BYTES = 64;

/** Store `ledger`. */
export const ledgerCodec: Codec<Ledger> = {
  format: 1,
  encode({ open, counts }) {
    const numbers = new Float64Array(COUNTED.length + 2 * open.size);
    let at = 0;
    for (const outcome of COUNTED) numbers[at++] = counts[outcome];
    for (const [i, asked] of open) {
      numbers[at++] = i;
      numbers[at++] = asked;
    }
    return bytesOf(numbers);
  },
  bytes: ({ open }) => 2 * OBJECT_BYTES + COUNTED.length * 8 + open.size * MAP_ENTRY_BYTES,
  decode(bytes) {
    const numbers = numbersOf(bytes);
    if (numbers.length < COUNTED.length || (numbers.length - COUNTED.length) % 2 !== 0)
      throw wrong(bytes, "counts and pairs of numbers");
    const ledger = newLedger();
    for (const [at, outcome] of COUNTED.entries()) ledger.counts[outcome] = numbers[at];
    for (let at = COUNTED.length; at < numbers.length; at += 2) ledger.open.set(numbers[at], numbers[at + 1]);
    return ledger;
  },
  toJson: ({ open, counts }) => ({ open: Array.from(open, ([i, asked]) => ({ i, asked })), counts }),
};

/** Store `questions`. */
export const questionCodec: Codec<Question> = {
  format: 2,
  slotted: true,
  encode: ({ asked, x, forecasts, judged }) =>
    bytesOf(Float64Array.of(asked, x.length, forecasts.length, ...x, ...forecasts, ...judged)),
  bytes: ({ x, forecasts, judged }) =>
    OBJECT_BYTES + arrayBytes(x.length) + arrayBytes(forecasts.length) + arrayBytes(judged.length),
  decode(bytes) {
    const numbers = numbersOf(bytes);
    const [asked, features, models] = numbers;
    const forecasts = 3 + features;
    const judged = forecasts + models;
    if (!(isCount(features, 1) && isCount(models, 0) && judged <= numbers.length)) throw noQuestion(bytes);
    return {
      asked,
      x: numbers.slice(3, forecasts),
      forecasts: numbers.slice(forecasts, judged),
      judged: numbers.slice(judged),
    };
  },
  older: { 1: decodeUnjudged },
  toJson: ({ asked, x, forecasts }) => ({ asked, x: Array.from(x), forecasts: Array.from(forecasts, numberOrNull) }),
};

function decodeUnjudged(bytes: Buffer): Question {
  const numbers = numbersOf(bytes);
  const [asked, features] = numbers;
  if (!(isCount(features, 1) && features <= numbers.length - 2)) throw noQuestion(bytes);
  return {
    asked,
    x: numbers.slice(2, 2 + features),
    forecasts: numbers.slice(2 + features),
    judged: new Float64Array(0),
  };
}

function isCount(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min;
}

function noQuestion(bytes: Buffer): RangeError {
  return wrong(bytes, "a question with its features");
}

const shownLedgerSchema = z.object({ open: z.array(z.object({ i: z.number() })) });

/** The slots of the open questions of a series, the oldest first. @param shown what {@link ledgerCodec} shows; undefined for none */
export function openQuestions(shown: unknown): number[] {
  return shownLedgerSchema.safeParse(shown).data?.open.map(({ i }) => i) ?? [];
}

/** NaN as JSON has it. */
export function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function bytesOf(numbers: Float64Array): Buffer {
  return Buffer.from(numbers.buffer);
}

function numbersOf(bytes: Buffer): Float64Array {
  if (bytes.length % 8 !== 0) throw wrong(bytes, "doubles");
  const numbers = new Float64Array(bytes.length / 8);
  bytes.copy(Buffer.from(numbers.buffer));
  return numbers;
}

function wrong(bytes: Buffer, expected: string): RangeError {
  return new RangeError(`expected ${expected}, got ${bytes.length} bytes of a ledger that are none`);
}
