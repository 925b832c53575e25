/**
 * What the board knows of the races: the newest prediction of each model of each series, and the newest verdict on them, in the
 * order of their topics. Every one carries its series' totals (n, mse, evidence), so any tail of a topic gives true figures.
 * Pure, and bounded however many topics and series there are.
 */
import type { Prediction } from "../../shared/contract/schemas.js";
import type { Verdict } from "../../shared/contract/verdict-schemas.js";

/** Topics that are kept: those that came first. A board has room for a few. */
const TOPICS_MAX = 100;
/** Series of a topic that have a row: those whose names come first. */
const FIRST_MAX = 1000;
/** Series of a topic that count for the models' totals; of the others it is only known that there are more. */
const SERIES_MAX = 10_000;
/** Models that are kept of a series; settings hardly name more. */
const MODELS_MAX = 100;

/** Rounds that a model may miss before it is taken for withdrawn. Where reading starts, a round is seen in part. */
const ROUNDS_MISSED_MAX = 2;

const ONE_SOURCE = "";

/** The newest prediction of a model of a series. */
export interface Newest {
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
export type ShownVerdict = Pick<
  Verdict,
  "champion" | "challenger" | "evidence" | "threshold" | "gap" | "lower" | "upper"
>;

/** One series. */
export interface SeriesRace {
  /** By model, in the order of their first prediction. */
  readonly models: Map<string, Newest>;
  /** By source: each service judges its own models. */
  readonly verdicts: Map<string, ShownVerdict>;
  /** By source: every model of it predicts once a round. */
  readonly rounds: Map<string, number>;
}

/** All series of a topic. */
export interface TopicRaces {
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
  const { topic, series, champion, challenger, evidence, threshold, gap, lower, upper } = verdict;
  const shown = { champion, challenger, evidence, threshold, gap, lower, upper };
  raceOf(view, topic, series)?.verdicts.set(source, shown);
}

/** Undefined where there is no room for the topic or the series. */
function raceOf(view: RaceView, topic: string, series: string): SeriesRace | undefined {
  let races = view.get(topic);
  if (races === undefined) {
    if (view.size >= TOPICS_MAX) return undefined;
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
  let [begin, end] = [0, sorted.length];
  while (begin < end) {
    const middle = (begin + end) >> 1;
    if (inOrder(name, sorted[middle])) end = middle;
    else begin = middle + 1;
  }
  return begin;
}

/** Shorter names first, so that s2 comes before s10. */
function inOrder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
