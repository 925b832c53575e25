/**
 * How a race becomes bytes; the rows of its window are not among them. Format 4, little endian, doubles bit for bit:
 *
 *   u32 features · f64 observations so far · u32 length of the window · f64 rows put into it
 *   u16 models, for each: text name · f64 mse · f64 forecasts scored · u16 late in a row · u32 doubles of its own, and those
 *   the ranking, see ranking-bytes.ts
 *   f64 time of the series in ms · u32 open questions · u32 doubles of the closed ones, and those, see closed-list.ts
 *   the judge's doubles, see places.ts of shared/race/judge
 *
 * Format 3 has no judge, no doubles of a model's own, and of the closed questions the models' forecasts alone. Format 2 ends with the
 * ranking. Format 1 is format 2 without the number of late forecasts in a row.
 */
import { COMPANIONS, judgeLength } from "../../shared/race/judge/places.js";
import { mixtureScores } from "../../shared/race/judge/records.js";
import { shownChampion, shownModel } from "../../shared/race/judge/shown-judge.js";
import { ClosedList } from "../../shared/race/ledger/closed-list.js";
import { raceHead } from "../../shared/race/race.js";
import { rankingBytes, readRanking, writeRanking } from "../../shared/race/ranking-bytes.js";
import type { Codec } from "../../shared/service-definition.js";
import { shownRing } from "../../shared/state/row-ring.js";
import { arrayBytes, OBJECT_BYTES, StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import { judgeOf, type Race, type RaceModel } from "./race.js";
import { isRecursive, shownRecursive } from "./recursive-models.js";

/** See the file's head. `encode` throws a RangeError where a number is not finite: none may enter a changelog. */
export const raceCodec: Codec<Race> = {
  format: 4,
  encode,
  bytes: bytesOf,
  decode: (bytes) => decodeRace(bytes, 4),
  older: {
    1: (bytes) => decodeRace(bytes, 1),
    2: (bytes) => decodeRace(bytes, 2),
    3: (bytes) => decodeRace(bytes, 3),
  },
  toJson,
};

function encode(race: Race): Buffer {
  const closed = race.closed.toDoubles(race.models.length);
  const bytes = Buffer.allocUnsafe(encodedLength(race) + 8 * closed.length);
  const writer = new StateWriter(bytes);
  writer.u32(race.features);
  writer.f64(race.count);
  writer.u32(race.ring.length);
  writer.f64(race.ring.count);
  writer.u16(race.models.length);
  for (const { name, mse, n, lateInRow, state } of race.models) {
    writer.text(name);
    writer.f64(mse);
    writer.f64(n);
    writer.u16(lateInRow);
    writer.u32(state.length);
    writer.doubles(state);
  }
  writeRanking(writer, race.ranking);
  writer.f64(race.time);
  writer.u32(race.open);
  writer.u32(closed.length);
  writer.doublesOrNaN(closed);
  writer.doublesOrNaN(race.judge);
  writer.end();
  return bytes;
}

/** The window is counted too: it is read from a store of its own, but then is kept with the race. */
function bytesOf({ models, judge, closed, window }: Race): number {
  const ofWindow = window === undefined ? 0 : OBJECT_BYTES + arrayBytes(window.rows.length);
  const ofClosed = closed.entries.length * (OBJECT_BYTES + arrayBytes(models.length + COMPANIONS));
  const ofModels = models.reduce((sum, { state }) => sum + OBJECT_BYTES + arrayBytes(state.length), 0);
  return 4 * OBJECT_BYTES + ofModels + arrayBytes(judge.length) + ofClosed + ofWindow;
}

/** Without the closed questions. */
function encodedLength(race: Race): number {
  let length = 4 + 8 + 4 + 8 + 2 + rankingBytes(race.ranking) + 8 + 4 + 4 + 8 * race.judge.length;
  for (const { name, state } of race.models) length += 1 + Buffer.byteLength(name) + 8 + 8 + 2 + 4 + 8 * state.length;
  return length;
}

function decodeRace(bytes: Buffer, format: number): Race {
  const reader = new StateReader(bytes);
  const features = reader.u32();
  const count = reader.f64();
  const ring = { length: reader.u32(), count: reader.f64() };
  const models: RaceModel[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const name = reader.text();
    const score = { mse: reader.f64(), n: reader.f64(), lateInRow: format === 1 ? 0 : reader.u16() };
    models.push({ name, ...score, state: reader.doubles(format < 4 ? 0 : reader.u32()) });
  }
  const ranking = readRanking(reader);
  const labels = format < 3 ? NO_LABELS : readLabels(reader);
  const closed = ClosedList.fromDoubles(labels.closed, models.length, format < 4 ? 0 : COMPANIONS);
  const judge = format < 4 ? judgeOf(models.length) : reader.doubles(judgeLength(models.length));
  reader.end();
  return { features, count, models, judge, ranking, ring, ...labels, closed, asking: new Map(), window: undefined };
}

/** Of a race before there were questions. */
const NO_LABELS: LabelState = { time: Number.NEGATIVE_INFINITY, open: 0, closed: new Float64Array(0) };

interface LabelState {
  readonly time: number;
  readonly open: number;
  readonly closed: Float64Array;
}

function readLabels(reader: StateReader): LabelState {
  return { time: reader.f64(), open: reader.u32(), closed: reader.doubles(reader.u32()) };
}

/**
 * `window` says the shape [rows, columns] of the stored rows and which slot is the newest; older rows are in the slots before
 * it, around the ring.
 */
function toJson(race: Race): unknown {
  const { features, models, judge, ring, closed } = race;
  return {
    ...raceHead(race),
    ...shownChampion(judge, 0, models),
    models: models.map((model, m) => ({
      name: model.name,
      ...(isRecursive(model) ? shownRecursive(model) : {}),
      N: model.n,
      mse: model.n === 0 ? null : model.mse,
      ...shownModel(judge, 0, m, model),
      lateInRow: model.lateInRow,
    })),
    mix: mixtureScores(judge, 0),
    window: shownRing(ring, features + 1),
    done: closed.toJson(models.length),
  };
}
