/**
 * How the ranking of a race becomes bytes, at the end of the bytes of every racing service:
 *
 *   u16 names, 0 before the first observation; if any: each a text, best first · f64 since
 */
import type { StateReader, StateWriter } from "../state/state-bytes.js";
import type { Ranking } from "./score.js";

/** Number of bytes that {@link writeRanking} writes. */
export function rankingBytes(ranking: Ranking | undefined): number {
  if (ranking === undefined) return 2;
  let length = 2 + 8;
  for (const name of ranking.order) length += 1 + Buffer.byteLength(name);
  return length;
}

/** @param ranking undefined before the first observation of the series */
export function writeRanking(writer: StateWriter, ranking: Ranking | undefined): void {
  if (ranking === undefined) {
    writer.u16(0);
    return;
  }
  writer.u16(ranking.order.length);
  for (const name of ranking.order) writer.text(name);
  writer.f64(ranking.since);
}

/** Reads what {@link writeRanking} wrote. @throws {RangeError} the bytes end too early */
export function readRanking(reader: StateReader): Ranking | undefined {
  const order: string[] = [];
  for (let left = reader.u16(); left > 0; left--) order.push(reader.text());
  return order.length === 0 ? undefined : { order, since: reader.f64() };
}
