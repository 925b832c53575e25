/** What the browser knows: what the server has pushed, put together. As bounded as the server's own state. Pure. */
import type {
  LeftOut,
  Letter,
  PageUpdate,
  PointColumns,
  RaceUpdate,
  SeriesRow,
  ServiceHealth,
  VerdictPoint,
} from "../messages.js";
import { keyOf, type Place } from "./route.js";

/** As the server's bounds are; a server that is newer may have others. */
const LETTERS_MAX = 200;
const VERDICTS_MAX = 2000;

type Columns = { [K in keyof PointColumns]: PointColumns[K][number][] };

/** One race of the series that is looked at. */
export interface Race extends Pick<RaceUpdate, "source" | "standing" | "leader" | "champions" | "begun" | "older"> {
  readonly points: PointColumns;
  readonly verdicts: readonly VerdictPoint[];
}

type KeptRace = Omit<Race, "points" | "verdicts"> & { readonly points: Columns; verdicts: VerdictPoint[] };

/** What a push has changed. */
export type Part = "rows" | "letters" | "services" | "left" | "series";
const PARTS: readonly Part[] = ["rows", "letters", "services", "left", "series"];

export class RaceStore {
  readonly rows = new Map<string, SeriesRow>();
  letters: readonly Letter[] = [];
  services: readonly ServiceHealth[] | null = null;
  left: LeftOut | undefined;
  brokers = "";
  /** The server's clock less this one's, in ms. */
  clockMs = 0;
  /** Whether a series came or went, since {@link RaceStore.apply} was called last. */
  rowsAreOthers = false;
  #races = new Map<string, KeptRace>();

  get races(): readonly Race[] {
    return [...this.#races.values()];
  }

  /** Puts in what was pushed. @returns what has changed */
  apply(update: PageUpdate): ReadonlySet<Part> {
    this.rowsAreOthers = update.first === true;
    if (update.first === true) this.#forget();
    this.clockMs = update.now - Date.now();
    this.brokers = update.brokers ?? this.brokers;
    for (const row of update.rows ?? []) {
      const key = keyOf(row);
      this.rowsAreOthers ||= !this.rows.has(key);
      this.rows.set(key, row);
    }
    if (update.letters !== undefined) this.letters = [...this.letters, ...update.letters].slice(-LETTERS_MAX);
    if (update.services !== undefined) this.services = update.services;
    this.left = update.left ?? this.left;
    for (const race of update.series?.races ?? []) this.#applyRace(race);
    return new Set(PARTS.filter((part) => update.first === true || update[part] !== undefined));
  }

  /** Another series is looked at. */
  leaveSeries(): void {
    this.#races = new Map();
  }

  #forget(): void {
    this.rows.clear();
    this.letters = [];
    this.#races = new Map();
  }

  #applyRace({ source, points, range, verdicts, ...rest }: RaceUpdate): void {
    const before = this.#races.get(source);
    const kept =
      before?.begun === rest.begun ? before.points : { i: [], y: [], yhat: [], lower: [], upper: [], model: [] };
    keepRange(kept, range);
    mergePoints(kept, points);
    this.#races.set(source, { ...rest, source, points: kept, verdicts: merged(before?.verdicts ?? [], verdicts) });
  }
}

/** The row of a place, where it is known. */
export function rowAt(store: RaceStore, place: Place | undefined): SeriesRow | undefined {
  return place === undefined ? undefined : store.rows.get(keyOf(place));
}

/** A verdict voids those that are not before it: the race was begun anew. */
function merged(before: readonly VerdictPoint[], newer: readonly VerdictPoint[]): VerdictPoint[] {
  const all = [...before];
  for (const verdict of newer) {
    while ((all.at(-1)?.i ?? Number.NEGATIVE_INFINITY) >= verdict.i) all.pop();
    all.push(verdict);
  }
  return all.slice(-VERDICTS_MAX);
}

function keepRange(kept: Columns, range: readonly [number, number] | null): void {
  const [first, last] = range ?? [0, -1];
  let end = kept.i.length;
  while (end > 0 && kept.i[end - 1] > last) end--;
  let begin = 0;
  while (begin < end && kept.i[begin] < first) begin++;
  for (const column of Object.values(kept)) {
    column.length = end;
    if (begin > 0) column.splice(0, begin);
  }
}

/** A point with the i of one that is there takes its place. */
function mergePoints(kept: Columns, newer: PointColumns): void {
  for (let k = 0; k < newer.i.length; k++) {
    let at = kept.i.length;
    while (at > 0 && kept.i[at - 1] >= newer.i[k]) at--;
    kept.i[at] = newer.i[k];
    kept.y[at] = newer.y[k];
    kept.yhat[at] = newer.yhat[k];
    kept.lower[at] = newer.lower[k];
    kept.upper[at] = newer.upper[k];
    kept.model[at] = newer.model[k];
  }
}
