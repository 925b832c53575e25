/**
 * What the page knows of all races: made of the records of the result topics, in the order in which they come, and bounded however
 * many there are. Pure.
 */
import type { Standings } from "../../shared/contract/schemas.js";
import type { Best, Verdict } from "../../shared/contract/verdict-schemas.js";
import type { LeftOut, Letter, SeriesRow, SeriesUpdate, Source } from "./messages.js";
import { RacePast } from "./race-past.js";

/** Series that are kept: those that come first. */
export const SERIES_MAX = 5000;
/**
 * Observations that are kept of one race at most, and those that there is memory for in all races together: 56 bytes each, 56 MB.
 * Where that is used up, half as many are kept of each race from then on.
 */
const RACE_POINTS_MAX = 10_000;
const POINTS_MAX = 1_000_000;
/** The same of scores, of one model at one verdict: some 100 bytes each, 30 MB. */
const RACE_SCORES_MAX = 2000;
const SCORES_MAX = 300_000;
/** Dead letters that are kept, the newest. */
export const LETTERS_MAX = 200;
/** Values of y in the list of series. */
const SPARK_POINTS = 40;

/** One series. */
interface SeriesPast {
  readonly topic: string;
  readonly series: string;
  readonly races: Map<Source, RacePast>;
  /** When it changed last, see {@link PageState.written}. */
  written: number;
  at: number | null;
}

/** What of the {@link LeftOut} is counted here. */
export type CountedOut = Pick<LeftOut, "moreSeries" | "seriesMax" | "pointsEach" | "olderLetters">;

/** How much is kept; tests have smaller ones. */
export interface PageBounds {
  readonly series: number;
  readonly racePoints: number;
  readonly points: number;
  readonly letters: number;
}

const BOUNDS: PageBounds = {
  series: SERIES_MAX,
  racePoints: RACE_POINTS_MAX,
  points: POINTS_MAX,
  letters: LETTERS_MAX,
};

export class PageState {
  readonly #bounds: PageBounds;
  /** By topic and series; the series that changed last is the last one. */
  readonly #series = new Map<string, SeriesPast>();
  #letters: { readonly written: number; readonly letter: Letter }[] = [];
  #olderLetters = 0;
  #races = 0;
  #pointsEach: number;
  /** Points that there is memory for. */
  #room = 0;
  #moreSeries = false;
  #written = 0;

  constructor(bounds: PageBounds = BOUNDS) {
    this.#bounds = bounds;
    this.#pointsEach = bounds.racePoints;
  }

  /** Grows with every change. */
  get written(): number {
    return this.#written;
  }

  /** @param at time of the record, in ms since the epoch */
  takeBest(best: Best, source: Source, at: number | null): void {
    const race = this.#change(best, source, at);
    if (race === undefined) return;
    const before = race.points.room;
    race.takeBest(best, this.#written);
    this.#room += race.points.room - before;
    while (this.#room > this.#bounds.points) this.#halve();
  }

  takeVerdict(verdict: Verdict, source: Source, at: number | null): void {
    const scoresMax = Math.min(RACE_SCORES_MAX, Math.floor(SCORES_MAX / Math.max(1, this.#races)));
    this.#change(verdict, source, at)?.takeVerdict(verdict, at, scoresMax, this.#written);
  }

  takeStandings(standings: Standings, source: Source, at: number | null): void {
    this.#change(standings, source, at)?.takeStandings(standings);
  }

  /** One that is there already is passed over. */
  takeLetter(letter: Letter): void {
    if (this.#letters.some(({ letter: { place } }) => place === letter.place)) return;
    this.#letters.push({ written: ++this.#written, letter });
    if (this.#letters.length <= this.#bounds.letters) return;
    this.#letters.shift();
    this.#olderLetters++;
  }

  /** Series that changed after `written`, at most `max`, those first that changed first; with the newest change of theirs. */
  rows(written: number, max: number): { readonly rows: SeriesRow[]; readonly written: number } {
    const rows: SeriesRow[] = [];
    let reached = written;
    for (const past of this.#changedAfter(written)) {
      if (rows.length === max) break;
      rows.push(rowOf(past));
      reached = past.written;
    }
    return { rows, written: reached };
  }

  /** What changed of a series after `written`; undefined where nothing did, or there is none. */
  series(topic: string, series: string, written: number): SeriesUpdate | undefined {
    const past = this.#series.get(keyOf(topic, series));
    if (past === undefined || past.written <= written) return undefined;
    return { topic, series, races: [...past.races.values()].map((race) => race.update(written)) };
  }

  /** The letters that came after `written`, oldest first. */
  letters(written: number): Letter[] {
    return this.#letters.flatMap((entry) => (entry.written > written ? [entry.letter] : []));
  }

  leftOut(): CountedOut {
    return {
      moreSeries: this.#moreSeries,
      seriesMax: this.#bounds.series,
      pointsEach: this.#pointsEach,
      olderLetters: this.#olderLetters,
    };
  }

  /** The race that a record is of, marked as changed; undefined where there is no room for it. */
  #change(
    { topic, series }: { readonly topic: string; readonly series: string },
    source: Source,
    at: number | null,
  ): RacePast | undefined {
    const key = keyOf(topic, series);
    let past = this.#series.get(key);
    if (past === undefined && this.#series.size >= this.#bounds.series) {
      this.#moreSeries = true;
      return undefined;
    }
    past ??= { topic, series, races: new Map(), written: 0, at: null };
    past.written = ++this.#written;
    past.at = at ?? past.at;
    this.#series.delete(key);
    this.#series.set(key, past);
    return past.races.get(source) ?? this.#addRace(past, source);
  }

  #addRace(past: SeriesPast, source: Source): RacePast {
    this.#races++;
    const race = new RacePast(source, this.#pointsEach);
    this.#room += race.points.room;
    past.races.set(source, race);
    return race;
  }

  #halve(): void {
    this.#pointsEach = Math.floor(this.#pointsEach / 2);
    this.#room = 0;
    for (const { races } of this.#series.values()) {
      for (const { points } of races.values()) {
        points.limitTo(this.#pointsEach);
        this.#room += points.room;
      }
    }
  }

  /** Series are in the order of their last changes, so that it takes from the end what is new. */
  #changedAfter(written: number): SeriesPast[] {
    const all = [...this.#series.values()];
    const first = all.findLastIndex((past) => past.written <= written) + 1;
    return all.slice(first);
  }
}

/** A topic's name has no slash. */
function keyOf(topic: string, series: string): string {
  return `${topic}/${series}`;
}

function rowOf({ topic, series, races, at }: SeriesPast): SeriesRow {
  const all = [...races.values()];
  const [longest] = all.toSorted((a, b) => b.points.length - a.points.length);
  return {
    topic,
    series,
    at,
    n: Math.max(0, ...all.map(({ standing }) => standing?.n ?? 0)),
    spark: longest?.points.newestY(SPARK_POINTS) ?? [],
    races: all.flatMap(({ source, standing, skill }) => {
      if (standing === null) return [];
      const { champion, evidence, threshold } = standing;
      return [{ source, champion, doubt: evidence === null ? null : Math.min(1, evidence / threshold), skill }];
    }),
  };
}
