/**
 * One observation in; one prediction per model out, and standings where their order has changed. Of a question the predictions have
 * no score; they come again with its label. The models' forecasts are heavy work: what they need is copied, the observation is
 * taken into the ledger and enters the window at once; forecasts are filled in and scored when they are done.
 */
import { noFeatures, refuseOtherFeatures, rowOf } from "../../shared/contract/features.js";
import { observationOf } from "../../shared/contract/observation-record.js";
import { isComplete, type Observation, type Prediction } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import type { JobResult } from "../../shared/heavy-work.js";
import type { ModelSpecification } from "../../shared/models/kind.js";
import type { JudgeOutputs, JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { askedLength } from "../../shared/race/judge/places.js";
import { type ClosedEntry, nothingScored } from "../../shared/race/ledger/closed-list.js";
import type { LabelMetrics } from "../../shared/race/ledger/label-metrics.js";
import type { LabelBounds } from "../../shared/race/ledger/label-settings.js";
import {
  ask,
  type Ledger,
  mapForecasts,
  type Question,
  questionKey,
  takeRecord,
} from "../../shared/race/ledger/ledger.js";
import { refuseQuestion } from "../../shared/race/ledger/refusals.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { type PublishSettings, publishRace, publishVerdict, type RaceTopics } from "../../shared/race/publish.js";
import type { ObservationHead, RaceResult } from "../../shared/race/race.js";
import { type InputRecord, type StateStore, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { newRing, putRow, readRows, resizeRing } from "../../shared/state/row-ring.js";
import { askJudge, bestForecast, championGone, unjudged } from "./judged.js";
import { enterWindow, forecastJob, formerPlaces, newRace, type Race, racingModels, withModels } from "./race.js";
import {
  askedForecasts,
  correctScores,
  type Forecasts,
  noForecasts,
  questionPredictions,
  scoreForecasts,
  takeForecasts,
} from "./scores.js";
import { newWindow, pushRow, type Window } from "./window.js";

/** Most features of a series: a bound on the memory of its window and of the models made for its shape. */
export const FEATURES_MAX = 2_000;

const NO_MODELS: readonly number[] = [];
const NO_JOB = new Float64Array(0);

/** What the processor needs of the settings. */
export interface RaceSettings extends PublishSettings, LabelBounds, JudgeParameters, JudgeOutputs {
  readonly models: readonly ModelSpecification[];
  readonly windowLength: number;
  readonly trainLength: number;
}

/**
 * Stores: `race`, one value per raw topic and series; `window`, its newest rows `[y, x1, ..., xn]`, one key
 * `<topic>/<series>/<slot>` each; `ledger` and `questions`, see ledger.ts.
 */
export type RaceStates = { race: Race; window: Float64Array; ledger: Ledger; questions: Question };

/** Metrics of the races. */
export type MlMetrics = RaceMetrics & { readonly labels: LabelMetrics };

type Context = TaskContext<RaceSettings, RaceStates, MlMetrics>;

const RESULTS: RaceTopics<Prediction> = {
  predictions: topics.mlPredictions,
  standings: topics.mlStandings,
  best: topics.mlBest,
  verdicts: topics.mlVerdicts,
};

/** An observation that is processed, with the race of its series. */
interface Seen {
  readonly key: string;
  readonly partition: number;
  readonly race: Race;
  readonly of: ObservationHead;
}

/**
 * Takes an observation into the ledger and, where it brings its y, into the window, and races it when the models' forecasts are
 * done.
 * @throws {RecordError} `not-an-observation`, `features-changed`, `too-many-features`, `no-features` or `questions-off`; nothing has
 *   changed then
 */
export function processObservation(record: InputRecord, context: Context): void {
  const { settings, stores, metrics } = context;
  const observation = observationOf(record);
  const { topic, series, i, y, x } = observation;
  refuseQuestion(y, settings);
  const key = stateKey(topic, series);
  const race = raceFor(context, key, observation);
  if (record.timestamp > race.time) race.time = record.timestamp;
  const closed = race.closed.limitTo(settings.labelDoneMax);
  const taken = takeRecord(stores, key, { i, y, hasX: x !== undefined }, race, closed, settings);
  const { event, place, question } = taken;
  race.open = taken.open;
  metrics.labels.take(taken);

  const seen: Seen = { key, partition: record.partition, race, of: observation };
  if (event === "question" && x !== undefined) forecastQuestion(context, seen, Float64Array.from(x));
  else if (event === "plain" && isComplete(observation)) learnPlain(context, seen, rowOf(observation));
  else if (y !== null && question !== undefined) learnLabel(context, seen, y, question);
  else if (y !== null && event === "correction") correct(context, seen, y, closed.entries[place]);
  else pass(context, seen);
}

/** A question is forecast, and waits. */
function forecastQuestion(context: Context, seen: Seen, x: Float64Array): void {
  const { stores, settings } = context;
  const { key, race, of } = seen;
  const models = race.models.length;
  const judged = new Float64Array(askedLength(models));
  const question = { asked: race.time, x, forecasts: noForecasts(models), judged };
  race.open = ask(stores, key, of.i, question);
  race.asking.set(of.i, question);
  forecast(context, seen, x, (forecasts) => {
    question.forecasts.set(forecasts.yhat);
    askJudge(race, question.forecasts, judged);
    if (race.asking.get(of.i) === question) {
      race.asking.delete(of.i);
      if (stores.ledger.get(key)?.open.has(of.i) === true) stores.questions.put(questionKey(key, of.i), question);
    }
    const best = settings.best ? bestForecast(race, of, forecasts.yhat, judged) : undefined;
    return { predictions: questionPredictions(race, of, forecasts), standings: undefined, best };
  });
}

/** @param row y, x1, ..., xn of an observation that comes with its y */
function learnPlain(context: Context, seen: Seen, row: Float64Array): void {
  const { settings } = context;
  const { race, of } = seen;
  const [y] = row;
  const entry = close(race, of.i, y, Number.NaN);
  const toResult = (forecasts: Forecasts): RaceResult => {
    const judged = askJudge(race, forecasts.yhat);
    const best = settings.best ? bestForecast(race, of, forecasts.yhat, judged) : undefined;
    return { best, ...scoreForecasts(race, { ...of, y }, row.subarray(1), forecasts, entry, judged, settings) };
  };
  forecast(context, seen, row.subarray(1), toResult, row);
}

/** What is learned is the question's x. Its forecasts are there when those of all records before this one are. */
function learnLabel(context: Context, seen: Seen, y: number, { asked, x, forecasts, judged }: Question): void {
  const { settings } = context;
  const { race, of } = seen;
  const entry = close(race, of.i, y, asked);
  race.asking.delete(of.i);
  learn(context, seen, windowOf(context, seen), Float64Array.of(y, ...x));
  whenDone(context, seen, NO_JOB, NO_MODELS, () => {
    const isJudged = judged.length > 0;
    const best = settings.best && isJudged ? bestForecast(race, of, forecasts, judged, asked) : undefined;
    const said = isJudged ? judged : unjudged(race);
    return { best, ...scoreForecasts(race, { ...of, y }, x, askedForecasts(forecasts), entry, said, settings) };
  });
}

function correct(context: Context, seen: Seen, y: number, entry: ClosedEntry): void {
  const { race, of } = seen;
  const before = entry.y;
  entry.y = y;
  whenDone(context, seen, NO_JOB, NO_MODELS, () => correctScores(race, { ...of, y }, entry, before));
}

/** Nothing comes of a record but what the ledger has made of it. */
function pass({ metrics, settings, stores }: Context, { key, partition, race }: Seen): void {
  stores.race.put(key, race);
  const shown = metrics.shown(key);
  if (shown !== undefined) metrics.show(key, partition, { ...shown, open: race.open }, settings.metricsSeriesMax);
}

/** @returns the observation's entry; what is scored later is filled in */
function close(race: Race, i: number, y: number, asked: number): ClosedEntry {
  const entry = { i, y, asked, forecasts: nothingScored(race.models.length) };
  race.closed.close(entry);
  return entry;
}

/**
 * Has the models forecast x.
 * @param toResult what the forecasts lead to
 * @param row      y, x1, ..., xn, where they are learned
 */
function forecast(
  context: Context,
  seen: Seen,
  x: Float64Array,
  toResult: (forecasts: Forecasts) => RaceResult,
  row?: Float64Array,
): void {
  const { race } = seen;
  const window = windowOf(context, seen);
  const job = forecastJob(window, x, context.settings.trainLength);
  if (row !== undefined) learn(context, seen, window, row);
  const allRefuse = job.length === 0;
  const racing = allRefuse ? NO_MODELS : racingModels(race);
  whenDone(context, seen, job, racing, (result) => {
    const forecasts = takeForecasts(race, allRefuse ? undefined : result, racing, x);
    tellLeftOut(context, seen, forecasts.leftOut);
    return toResult(forecasts);
  });
}

function learn({ stores }: Context, { key, race }: Seen, window: Window, row: Float64Array): void {
  if (enterWindow(window, row)) putRow(stores.window, key, race.ring, row);
}

/** Publishes what an observation leads to, when what was begun before it is done and its own job is. */
function whenDone(
  context: Context,
  { key, partition, race, of }: Seen,
  job: Float64Array,
  parts: readonly number[],
  toResult: (result: JobResult) => RaceResult,
): void {
  const { stores } = context;
  stores.race.put(key, race);
  context.compute(job, parts, (done) => {
    const result = toResult(done);
    stores.race.put(key, race);
    const judge = { doubles: race.judge, at: 0 };
    publishRace(context, RESULTS, { key, partition, of, models: race.models, judge, open: race.open }, result);
  });
}

function tellLeftOut({ metrics, warn }: Context, { key, of }: Seen, leftOut: readonly string[]): void {
  for (const model of leftOut) {
    metrics.leftOut(of.topic, model);
    warn(
      { series: key, model, i: of.i },
      "a model did not answer in time again and again: it is left out of this series",
    );
  }
}

/**
 * The race of a series with the models that are configured now; a new one where there is none. Who takes the place of a champion
 * that is configured no longer is told at once.
 * @throws {RecordError} nothing has changed then
 */
function raceFor(context: Context, key: string, of: Observation): Race {
  const { settings, stores } = context;
  const { models, windowLength } = settings;
  const before = stores.race.get(key);
  const features = of.x?.length;
  if (before === undefined) {
    if (features === undefined) throw noFeatures();
    if (features > FEATURES_MAX)
      throw new RecordError("too-many-features", `expected at most ${FEATURES_MAX} features, got ${features}`);
    return newRace(models, features, newRing(windowLength));
  }
  if (features !== undefined) refuseOtherFeatures(before.features, features);
  const { race, isChampionGone } = withModels(before, models, of.i);
  if (race !== before && race.open > 0) mapForecasts(stores, key, formerPlaces(before, race));
  if (isChampionGone) publishVerdict(context, topics.mlVerdicts, key, championGone(race, before, of, settings));
  return race;
}

/**
 * The live window of a race. Its rows are read from the store where the race was read from bytes. The configured length may
 * have changed since those were written: rows that a longer window needs and that are no longer stored are zeros.
 */
function windowOf({ settings, stores }: Context, { key, race }: Seen): Window {
  if (race.window !== undefined) return race.window;
  const store: StateStore<Float64Array> = stores.window;
  resizeRing(store, key, race.ring, settings.windowLength);
  const window = newWindow(race.features, settings.windowLength);
  for (const row of readRows(store, key, race.ring)) pushRow(window, row[0], row.subarray(1));
  race.window = window;
  return window;
}
