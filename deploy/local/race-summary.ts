/** What a board shows of a {@link RaceView}: rows of series, and the models over all of them. Pure. */
import type { Newest, RaceView, SeriesRace, ShownVerdict, TopicRaces } from "./race-view.js";

/** One series as a row of the board. */
export interface SeriesRow {
  readonly series: string;
  /** Observations so far, all runs together. */
  readonly records: number;
  /** The model of least mse; undefined while none has one. */
  readonly leader: string | undefined;
  /** How much less mse it has than the next model, as a share of that one's; null where there is no other. */
  readonly margin: number | null;
  /** The newest target, and its forecast by the leader. */
  readonly y: number;
  readonly yhat: number | null;
  /** On the models shown, in the order of their sources. */
  readonly verdicts: readonly ShownVerdict[];
  /** Prequential mse by model. */
  readonly mse: ReadonlyMap<string, number | null>;
}

/** One model over all series that are kept. */
export interface ModelRow {
  readonly model: string;
  /** Series in which it leads. */
  readonly leads: number;
  /** Series of which it is the champion. */
  readonly champion: number;
  /** Mean over the series of its prequential mse; null where it has none. */
  readonly mseMean: number | null;
  /** Squared errors of all its forecasts that were scored, and how many these are. */
  readonly squaredErrors: number;
  readonly scored: number;
}

/** The races on one topic. */
export interface TopicSummary {
  readonly topic: string;
  /** At most as many series as were asked for, in the order of their names. */
  readonly rows: readonly SeriesRow[];
  /** Series before the first row. */
  readonly skipped: number;
  readonly models: readonly ModelRow[];
  readonly seriesCount: number;
  /** Whether there are more series than `seriesCount`, which is a bound then. */
  readonly more: boolean;
  /** Observations of the series that are counted. */
  readonly records: number;
}

/**
 * The view as a board shows it, topics in the order of their names.
 * @param rows  most series of a topic
 * @param order of the models of one source; others come after these, in the order in which they were read
 * @param page  which of the pages of so many rows, from 0 on; a topic that has fewer shows its last one
 */
export function summarize(view: RaceView, rows: number, order: readonly string[] = [], page = 0): TopicSummary[] {
  const topics = [...view.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return topics.map(([topic, races]) => {
    const pages = Math.max(1, Math.ceil(races.first.length / Math.max(1, rows)));
    return summarizeTopic(topic, races, { rows, skipped: rows * Math.min(page, pages - 1) }, order);
  });
}

/** Pages of the topic that has the most. */
export function pagesOf(view: RaceView, rows: number): number {
  let pages = 1;
  for (const { first } of view.values()) pages = Math.max(pages, Math.ceil(first.length / rows));
  return pages;
}

interface Total {
  leads: number;
  champion: number;
  mseSum: number;
  series: number;
  squaredErrors: number;
  scored: number;
  readonly source: string;
}

function summarizeTopic(
  topic: string,
  races: TopicRaces,
  { rows, skipped }: { readonly rows: number; readonly skipped: number },
  order: readonly string[],
): TopicSummary {
  const totals = new Map<string, Total>();
  let records = 0;
  for (const { models, verdicts } of races.series.values()) {
    const leader = leaderOf(models);
    const champions = Array.from(verdicts.values(), ({ champion }) => champion);
    for (const [model, { n, mse, source }] of models) {
      const total = totals.get(model) ?? newTotal(source);
      totals.set(model, total);
      if (model === leader) total.leads++;
      if (champions.includes(model)) total.champion++;
      if (mse !== null) {
        total.mseSum += mse;
        total.series++;
        total.squaredErrors += n * mse;
        total.scored += n;
      }
    }
    records += recordsOf(models);
  }
  return {
    topic,
    rows: races.first.slice(skipped, skipped + rows).flatMap((series) => {
      const race = races.series.get(series);
      return race === undefined || race.models.size === 0 ? [] : [rowOf(series, race)];
    }),
    skipped,
    models: inOrderOfSources([...totals], order).map(([model, total]) => {
      const { leads, champion, mseSum, series, squaredErrors, scored } = total;
      return { model, leads, champion, mseMean: series === 0 ? null : mseSum / series, squaredErrors, scored };
    }),
    seriesCount: races.series.size,
    more: races.more,
    records,
  };
}

const newTotal = (source: string): Total => ({
  ...{ leads: 0, champion: 0, mseSum: 0, series: 0, squaredErrors: 0, scored: 0 },
  source,
});

/**
 * The models of one source stand together, whichever source was read first, and in their order, whichever was: a reader of a race
 * under way begins amid the models of a record.
 */
function inOrderOfSources<T extends { readonly source: string }>(
  models: readonly [string, T][],
  order: readonly string[],
): [string, T][] {
  const placeOf = (model: string) => (order.includes(model) ? order.indexOf(model) : order.length);
  return [...models].sort(([a, { source: ofA }], [b, { source: ofB }]) =>
    ofA === ofB ? placeOf(a) - placeOf(b) : ofA < ofB ? -1 : 1,
  );
}

function rowOf(series: string, { models, verdicts }: SeriesRace): SeriesRow {
  const leader = leaderOf(models);
  const all = [...models.values()];
  const newest = all.reduce((a, b) => (b.n > a.n ? b : a), all[0]);
  const leading = leader === undefined ? undefined : models.get(leader);
  return {
    series,
    records: recordsOf(models),
    leader,
    margin: marginOf(models),
    y: newest.y,
    yhat: leading !== undefined && leading.i === newest.i ? leading.yhat : null,
    verdicts: [...verdicts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, verdict]) => (models.has(verdict.champion) ? [verdict] : [])),
    mse: new Map([...models].map(([model, { mse }]) => [model, mse])),
  };
}

/** Models that were added later have seen fewer observations; the series has seen the most of any. */
function recordsOf(models: ReadonlyMap<string, Newest>): number {
  let records = 0;
  for (const { n } of models.values()) records = Math.max(records, n);
  return records;
}

function marginOf(models: ReadonlyMap<string, Newest>): number | null {
  const scores = Array.from(models.values(), ({ mse }) => mse).filter((mse) => mse !== null);
  const [least, next] = scores.toSorted((a, b) => a - b);
  return next === undefined ? null : next === 0 ? 0 : 1 - least / next;
}

/** Equal scores: the model that comes first. */
function leaderOf(models: ReadonlyMap<string, Newest>): string | undefined {
  let leader: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [model, { mse }] of models) {
    if (mse !== null && mse < least) {
      least = mse;
      leader = model;
    }
  }
  return leader;
}
