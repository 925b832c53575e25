/**
 * How a race becomes bytes. Format 1, little endian, doubles bit for bit; with n features, p = n + 1:
 *
 *   u32 n · f64 observations so far · 10 p f64 rows (the ring as it lies)
 *   u16 models, for each: text name · f64 nu · f64 mse · f64 forecasts scored · 10 f64 errors (ring) · p f64 β · p(p+1)/2 f64 V
 *   u16 names in the ranking, 0 before the first observation; if any: each a text, best first · f64 since
 *
 * A text is its length as u8 and its UTF-8 bytes. n and p decide every length, so bytes that are cut or have something behind
 * them are noticed.
 */
import type { Ranking } from "../../shared/prequential.js";
import type { Codec } from "../../shared/service-definition.js";
import { type Race, type RaceModel, RECENT } from "./race.js";
import { packedLength } from "./rls.js";

/** See the file's head. `encode` throws a RangeError where a number is not finite: none may enter a changelog. */
export const raceCodec: Codec<Race> = { format: 1, encode: encodeRace, decode: decodeRace, toJson: raceToJson };

function encodeRace(race: Race): Buffer {
  const names = race.ranking?.order ?? [];
  const bytes = Buffer.allocUnsafe(encodedLength(race, names));
  const writer = new Writer(bytes);
  writer.u32(race.features);
  writer.f64(race.count);
  writer.doubles(race.rows);
  writer.u16(race.models.length);
  for (const { name, rls, mse, n, errors } of race.models) {
    writer.text(name);
    writer.f64(rls.nu);
    writer.f64(mse);
    writer.f64(n);
    writer.doubles(errors);
    writer.doubles(rls.beta);
    writer.doubles(rls.V);
  }
  writer.u16(names.length);
  for (const name of names) writer.text(name);
  if (race.ranking !== undefined) writer.f64(race.ranking.since);
  writer.end();
  return bytes;
}

function encodedLength(race: Race, names: readonly string[]): number {
  const p = race.features + 1;
  const numbers = 3 + RECENT + p + packedLength(p);
  let length = 4 + 8 + 8 * RECENT * p + 2 + 2 + (race.ranking === undefined ? 0 : 8);
  for (const { name } of race.models) length += 1 + Buffer.byteLength(name) + 8 * numbers;
  for (const name of names) length += 1 + Buffer.byteLength(name);
  return length;
}

function decodeRace(bytes: Buffer): Race {
  const reader = new Reader(bytes);
  const features = reader.u32();
  const p = features + 1;
  const count = reader.f64();
  const rows = reader.doubles(RECENT * p);
  const models: RaceModel[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const name = reader.text();
    const nu = reader.f64();
    const mse = reader.f64();
    const n = reader.f64();
    const errors = reader.doubles(RECENT);
    models.push({ name, rls: { nu, beta: reader.doubles(p), V: reader.doubles(packedLength(p)) }, mse, n, errors });
  }
  const ranking = readRanking(reader);
  reader.end();
  return { features, count, rows, models, ranking };
}

function readRanking(reader: Reader): Ranking | undefined {
  const order: string[] = [];
  for (let left = reader.u16(); left > 0; left--) order.push(reader.text());
  return order.length === 0 ? undefined : { order, since: reader.f64() };
}

/** The state as `/state/race/<key>` shows it, under the notebook's names; rows and errors newest first. */
function raceToJson(race: Race): unknown {
  const { features, count, rows, models, ranking } = race;
  const width = features + 1;
  return {
    features,
    N: count,
    leader: ranking?.order[0] ?? null,
    since: ranking?.since ?? null,
    order: ranking?.order ?? [],
    rows: newestFirst(count, (slot) => Array.from(rows.subarray(slot * width, (slot + 1) * width))),
    models: models.map(({ name, rls, mse, n, errors }) => ({
      name,
      nu: rls.nu,
      N: n,
      mse: n === 0 ? null : mse,
      beta: Array.from(rls.beta),
      V: unpacked(rls.V, width),
      errors: newestFirst(n, (slot) => errors[slot]),
    })),
  };
}

function newestFirst<T>(count: number, at: (slot: number) => T): T[] {
  const length = Math.min(count, RECENT);
  return Array.from({ length }, (_, age) => at((count - 1 - age) % RECENT));
}

/** The p×p matrix of a packed upper triangle, as rows. */
function unpacked(packed: Float64Array, p: number): number[][] {
  const place = (i: number, j: number) => i * p - (i * (i - 1)) / 2 + (j - i);
  return Array.from({ length: p }, (_, i) =>
    Array.from({ length: p }, (_, j) => packed[i <= j ? place(i, j) : place(j, i)]),
  );
}

class Writer {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  /** 0 while every double written is finite, NaN ever after: v − v is 0 for finite v only. */
  #probe = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  f64(value: number): void {
    this.#probe += value - value;
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  doubles(values: Float64Array): void {
    let probe = 0;
    let at = this.#at;
    for (let k = 0; k < values.length; k++, at += 8) {
      probe += values[k] - values[k];
      this.#view.setFloat64(at, values[k], true);
    }
    this.#probe += probe;
    this.#at = at;
  }

  text(value: string): void {
    const length = this.#bytes.write(value, this.#at + 1);
    this.#bytes.writeUInt8(length, this.#at);
    this.#at += 1 + length;
  }

  end(): void {
    if (this.#probe !== 0) throw new RangeError("expected finite numbers only in a race, got one that is not");
    if (this.#at !== this.#bytes.length) {
      throw new RangeError(`expected a race of ${this.#bytes.length} bytes, got ${this.#at}: its arrays do not fit it`);
    }
  }
}

class Reader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** One allocation for all arrays of a race: with one each, allocating takes most of the time of a decode. */
  readonly #block: ArrayBuffer;
  #blockUsed = 0;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#block = new ArrayBuffer(bytes.length);
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  doubles(length: number): Float64Array {
    let at = this.#take(8 * length);
    const values = new Float64Array(this.#block, this.#blockUsed, length);
    this.#blockUsed += 8 * length;
    for (let k = 0; k < length; k++, at += 8) values[k] = this.#view.getFloat64(at, true);
    return values;
  }

  text(): string {
    const length = this.#view.getUint8(this.#take(1));
    const at = this.#take(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  end(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest !== 0) throw new RangeError(`expected a race of ${this.#at} bytes, got ${rest} more`);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) {
      throw new RangeError(
        `expected ${length} bytes of a race at ${at}, got ${this.#bytes.length - at}: it is cut short`,
      );
    }
    this.#at = at + length;
    return at;
  }
}
