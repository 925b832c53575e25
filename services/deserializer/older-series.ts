/**
 * Reads what older programs remembered of a series. Format 4 is today's, always stored as a whole. The others are big-endian but for
 * the parts: `features` (u32), `lastI` (i64), then, where either is there, the parts as today's, see series-state.ts. Format 2 had no
 * last values, and its lags began without saying which parts come; format 1 had neither, and 1 feature or more.
 */

import { wholeBody } from "../../shared/packed-value.js";
import { decodeLags } from "./lags.js";
import { decodeParts } from "./series-parts.js";
import { bodyOfSeries, checkSeries, type SeriesState } from "./series-state.js";

const ORDER_BYTES = 12;

/** @throws {RangeError} the bytes are none of that format; so do the others */
export function seriesOfFormat1(bytes: Buffer): Buffer {
  if (bytes.length !== ORDER_BYTES) throw new RangeError(`expected a series of 12 bytes, got ${bytes.length}`);
  const order = decodeOrder(bytes);
  if (order.features === 0) throw new RangeError("expected 1 feature or more, got 0");
  return bodyOfSeries(order);
}

export function seriesOfFormat2(bytes: Buffer): Buffer {
  const order = decodeOrder(bytes);
  const rest = bytes.subarray(ORDER_BYTES);
  return bodyOfSeries(rest.length === 0 ? order : { ...order, lags: decodeLags(rest) });
}

export function seriesOfFormat3(bytes: Buffer): Buffer {
  const order = decodeOrder(bytes);
  return bodyOfSeries({ ...order, ...decodeParts(bytes.subarray(ORDER_BYTES), order.features) });
}

export function seriesOfFormat4(stored: Buffer): Buffer {
  const body = wholeBody(stored);
  checkSeries(body);
  return body;
}

function decodeOrder(bytes: Buffer): SeriesState {
  if (bytes.length < ORDER_BYTES) throw new RangeError(`expected a series of 12 bytes or more, got ${bytes.length}`);
  const features = bytes.readUInt32BE(0);
  const lastI = Number(bytes.readBigInt64BE(4));
  if (!Number.isSafeInteger(lastI)) throw new RangeError(`expected the last i to be a safe integer, got ${lastI}`);
  return { features, lastI };
}
