/**
 * What the board knows of the races: the newest prediction of each model of each series, and the newest verdict on them, in the
 * order of their topics. Every one carries its series' totals (n, mse, evidence), so any tail of a topic gives true figures.
 * Pure, and bounded however many series there are.
 */
import type { Prediction } from "../../shared/contract/schemas.js";
import type { Verdict } from "../../shared/contract/verdict-schemas.js";

/** Series of a topic that are kept whole: those whose names come first. More rows than these no board shows. */
const FIRST_MAX = 50;
/** Series of a topic that count for the models' totals; of the others it is only known that there are more. */
const SERIES_MAX = 10_000;
/** Models that are kept of a series; settings hardly name more. */
const MODELS_MAX = 100;

/** Rounds that a model may miss before it is taken for withdrawn. Where reading starts, a round is seen in part. */
const ROUNDS_MISSED_MAX = 2;

const ONE_SOURCE = "";

interface Newest {
  readonly i: number;
  readonly n: number;
  readonly y: number;
  readonly yhat: number | null;
  readonly mse: number | null;
  /** Round of the series in which it was made, among the models of this source. */
  readonly round: number;
  readonly source: string;
}

/** What the board shows of a verdict. */
export type ShownVerdict = Pick<Verdict, "champion" | "challenger" | "evidence" | "threshold">;

interface SeriesRace {
  /** By model, in the order of their first prediction. */
  readonly models: Map<string, Newest>;
  /** By source: each service judges its own models. */
  readonly verdicts: Map<string, ShownVerdict>;
  /** By source: every model of it predicts once a round. */
  readonly rounds: Map<string, number>;
}

interface TopicRaces {
  readonly series: Map<string, SeriesRace>;
  /** Names of the first series, in order. */
  readonly first: string[];
  /** Whether there are more series than are kept. */
  more: boolean;
}

/** All that was seen; make it with {@link newRaceView} and feed it with {@link see}. */
export type RaceView = Map<string, TopicRaces>;

/** A view that has seen nothing. */
export function newRaceView(): RaceView {
  return new Map();
}

/**
 * Takes one prediction in; it replaces the one that its model made before for the series. One of a question is passed over: it
 * has no score, and comes again with its label.
 * @param source topic that it came on: of two services that race one topic each is at a round of its own
 */
export function see(
  view: RaceView,
  { topic, series, model, i, n, y, yhat, mse }: Prediction,
  source: string = ONE_SOURCE,
): void {
  if (y === null) return;
  const race = raceOf(view, topic, series);
  if (race === undefined) return;
  const before = race.models.get(model);
  if (before === undefined && race.models.size >= MODELS_MAX) return;
  if (before?.round === (race.rounds.get(source) ?? 0)) startRound(race, source);
  race.models.set(model, { i, n, y, yhat, mse, round: race.rounds.get(source) ?? 0, source });
}

/**
 * Takes a verdict in, in place of the one before on the models of its source.
 * @param source topic that it came on
 */
export function seeVerdict(view: RaceView, verdict: Verdict, source: string): void {
  const { topic, series, champion, challenger, evidence, threshold } = verdict;
  raceOf(view, topic, series)?.verdicts.set(source, { champion, challenger, evidence, threshold });
}

/** Undefined where there is no room for the series. */
function raceOf(view: RaceView, topic: string, series: string): SeriesRace | undefined {
  let races = view.get(topic);
  if (races === undefined) {
    races = { series: new Map(), first: [], more: false };
    view.set(topic, races);
  }
  return races.series.get(series) ?? admit(races, series);
}

/** A model that was taken out of the settings predicts no more, and would lead for ever with its last score. */
function startRound(race: SeriesRace, source: string): void {
  const now = (race.rounds.get(source) ?? 0) + 1;
  race.rounds.set(source, now);
  for (const [model, newest] of race.models) {
    if (newest.source === source && now - newest.round > ROUNDS_MISSED_MAX) race.models.delete(model);
  }
}

/** Makes room for a new series, or none: a series that belongs to the first ones takes the place of the last of them. */
function admit(races: TopicRaces, series: string): SeriesRace | undefined {
  const { first } = races;
  const full = races.series.size >= SERIES_MAX;
  const place = placeOf(first, series);
  if (full) races.more = true;
  if (full && place >= FIRST_MAX) return undefined;
  if (place < FIRST_MAX) {
    first.splice(place, 0, series);
    const crowdedOut = first.length > FIRST_MAX ? first.pop() : undefined;
    if (full && crowdedOut !== undefined) races.series.delete(crowdedOut);
  }
  const race: SeriesRace = { models: new Map(), verdicts: new Map(), rounds: new Map() };
  races.series.set(series, race);
  return race;
}

function placeOf(sorted: readonly string[], name: string): number {
  const place = sorted.findIndex((other) => inOrder(name, other));
  return place === -1 ? sorted.length : place;
}

/** Shorter names first, so that s2 comes before s10. */
function inOrder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** One series as a row of the board. */
export interface SeriesRow {
  readonly series: string;
  /** Observations so far, all runs together. */
  readonly records: number;
  /** The model of least mse; undefined while none has one. */
  readonly leader: string | undefined;
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
}

/** The races on one topic. */
export interface TopicSummary {
  readonly topic: string;
  /** At most `rows` series, first names first. */
  readonly rows: readonly SeriesRow[];
  readonly models: readonly ModelRow[];
  readonly seriesCount: number;
  /** Whether there are more series than `seriesCount`, which is a bound then. */
  readonly more: boolean;
  /** Observations of the series that are counted. */
  readonly records: number;
}

/**
 * The view as a board shows it, topics in the order of their names.
 * @param rows  most series of a topic, at most 50
 * @param order of the models of one source; others come after these, in the order in which they were read
 */
export function summarize(view: RaceView, rows: number, order: readonly string[] = []): TopicSummary[] {
  const topics = [...view.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return topics.map(([topic, races]) => summarizeTopic(topic, races, rows, order));
}

interface Total {
  leads: number;
  champion: number;
  mseSum: number;
  scored: number;
  readonly source: string;
}

function summarizeTopic(topic: string, races: TopicRaces, rows: number, order: readonly string[]): TopicSummary {
  const totals = new Map<string, Total>();
  let records = 0;
  for (const { models, verdicts } of races.series.values()) {
    const leader = leaderOf(models);
    const champions = Array.from(verdicts.values(), ({ champion }) => champion);
    for (const [model, { mse, source }] of models) {
      const total = totals.get(model) ?? { leads: 0, champion: 0, mseSum: 0, scored: 0, source };
      totals.set(model, total);
      if (model === leader) total.leads++;
      if (champions.includes(model)) total.champion++;
      if (mse !== null) {
        total.mseSum += mse;
        total.scored++;
      }
    }
    records += recordsOf(models);
  }
  return {
    topic,
    rows: races.first.slice(0, rows).flatMap((series) => {
      const race = races.series.get(series);
      return race === undefined || race.models.size === 0 ? [] : [rowOf(series, race)];
    }),
    models: inOrderOfSources([...totals], order).map(([model, { leads, champion, mseSum, scored }]) => ({
      model,
      leads,
      champion,
      mseMean: scored === 0 ? null : mseSum / scored,
    })),
    seriesCount: races.series.size,
    more: races.more,
    records,
  };
}

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
