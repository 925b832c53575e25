/**
 * One observation in; one prediction per model out, and standings where their order has changed. Of a question the predictions have no
 * score; they come again with its label.
 */
import { rlsPredictionLayout } from "../../shared/contract/layouts.js";
import { observationOf } from "../../shared/contract/observation-record.js";
import { NUMBER, ObservationView } from "../../shared/contract/observation-view.js";
import type { RlsPrediction } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { numbers } from "../../shared/numbers/memory.js";
import { BEST_NUMBERS } from "../../shared/race/judge/records.js";
import type { LabelMetrics } from "../../shared/race/ledger/label-metrics.js";
import type { LabelBounds } from "../../shared/race/ledger/label-settings.js";
import { ask, type Ledger, type Question, takeRecord } from "../../shared/race/ledger/ledger.js";
import { refuseQuestion } from "../../shared/race/ledger/refusals.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { type PublishSettings, publishPrediction } from "../../shared/race/publish.js";
import type { ObservationHead } from "../../shared/race/race.js";
import type { Ranking } from "../../shared/race/score.js";
import type { Layout } from "../../shared/result-layout.js";
import { type InputRecord, type PackedValue, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { raceFor } from "./configured-race.js";
import { correct } from "./correction.js";
import {
  type BestLayouts,
  bestLayoutsOf,
  dueVerdict,
  forwardBest,
  forwardGone,
  forwardVerdict,
  type JudgeResultSettings,
  writeBest,
} from "./judge-results.js";
import { MODELS_MAX, type RlsModel } from "./model-list.js";
import { isMark } from "./other-models.js";
import { findClosed, PackedClosed } from "./packed-closed.js";
import { NONE, OPEN, TIME } from "./packed-race.js";
import { forecastsOf, type RaceStep, raceStep, skipSteps } from "./race.js";
import { askLater } from "./race-judge.js";
import {
  changedStandings,
  correctedPrediction,
  layPrediction,
  PREDICTION_NUMBERS,
  predictionOf,
  questionPrediction,
} from "./race-results.js";
import { type ShownModel, ShownRace, shownRaceBytes } from "./shown-race.js";

/** What the processor needs of the settings. */
export interface RaceSettings extends PublishSettings, LabelBounds, JudgeResultSettings {}

/** Stores: `race`, one race per raw topic and series; `ledger` and `questions`, see ledger.ts. */
export type RaceStates = { race: PackedValue; ledger: Ledger; questions: Question };

/** Metrics of the races. */
export type RlsMetrics = RaceMetrics<ShownModel, ShownRace> & { readonly labels: LabelMetrics };

type Context = TaskContext<RaceSettings, RaceStates, RlsMetrics>;

const view = new ObservationView();
const closed = new PackedClosed();

/**
 * Races an observation at once: its models learn from it here. Records of the usual form of which the ledger knows nothing are read
 * where they lie, and their predictions are laid out in memory; all others go the way of {@link processAnyObservation}, with the
 * same results.
 * @throws {RecordError} `not-an-observation`, `features-changed`, `too-many-features`, `no-features` or `questions-off`; nothing has
 *   changed then
 */
export function processObservation(record: InputRecord, context: Context): void {
  const { models } = context.settings;
  const layouts = layoutsOf(models);
  if (layouts === undefined || !view.read(record) || !areRoomFor(view.features)) {
    processAnyObservation(record, context);
    return;
  }
  const { given, features, key } = view;
  const { race, gone } = raceFor(context.stores, key, context.settings, numbers[NUMBER.i], features);
  if (gone !== undefined) forwardGone(context, key, race, seenOf(view), gone);
  if (race.doubles[race.at + OPEN] > 0 || findClosed(race, numbers[NUMBER.i]) !== NONE) {
    processAnyObservation(record, context);
    return;
  }
  advanceTime(race, record);
  context.metrics.labels.count("plain");
  const step = raceStep(race, numbers);
  given.from = NUMBER.x + features;
  given.listLength = features + 1;
  for (let m = 0; m < models.length; m++) {
    if (step.refusals[m] === undefined) {
      layPrediction(race, m, step.yhat[m], numbers, given.from);
      if (context.write(topics.rlsPredictions, layouts.predictions[m], given)) continue;
    }
    forward(context, predictionOf(race, m, models[m].name, seenOf(view), step));
  }
  const { metrics, settings } = context;
  const isShown = metrics.shown(key) !== undefined || !metrics.isFull(settings.metricsSeriesMax, shownRaceBytes(race));
  if (isShown || step.ranking !== undefined || step.resets.length > 0)
    finish(record, context, key, race, seenOf(view), step);
  else metrics.met(key, record.partition);
  if (step.judged !== undefined && settings.best && !writeBest(context, layouts.best, given, step.judged))
    forwardBest(context, seenOf(view), step.judged);
  const told = dueVerdict(context, race, step);
  if (told !== undefined) forwardVerdict(context, key, race, seenOf(view), told);
}

/** As {@link processObservation}, for an observation of any form: also a question, a label, or one that comes again. */
export function processAnyObservation(record: InputRecord, context: Context): void {
  const { settings, stores } = context;
  const observation = observationOf(record);
  const { topic, series, i, y, x } = observation;
  refuseQuestion(y, settings);
  const key = stateKey(topic, series);
  const { race, gone } = raceFor(stores, key, settings, i, x?.length);
  if (gone !== undefined) forwardGone(context, key, race, observation, gone);
  const { doubles, at } = race;
  const time = advanceTime(race, record);
  const head = { time, open: doubles[at + OPEN] };
  const taken = takeRecord(stores, key, { i, y, hasX: x !== undefined }, head, closed.of(race), settings);
  doubles[at + OPEN] = taken.open;
  if (taken.event !== "plain" || taken.expired > 0) skipSteps(race);
  context.metrics.labels.take(taken);

  const seen: Seen = { record, key, race, of: observation };
  if (y === null) {
    if (taken.event === "question" && x !== undefined) forecast(context, seen, x, time);
  } else if (taken.event === "plain" && x !== undefined) learn(context, seen, numbersOf(i, y, x), undefined);
  else if (taken.question !== undefined) learn(context, seen, numbersOf(i, y, taken.question.x), taken.question);
  else if (taken.event === "correction") correctAt(context, seen, taken.place, y);
  const shown = context.metrics.shown(key);
  if (shown?.isOf(race, settings.models)) shown.refresh(race);
}

/** A record that is processed, with the race of its series. */
interface Seen {
  readonly record: InputRecord;
  readonly key: string;
  readonly race: PackedValue;
  readonly of: ObservationHead;
}

/** The time of the series with the record. @returns it, in ms */
function advanceTime({ doubles, at }: PackedValue, { timestamp }: InputRecord): number {
  if (timestamp > doubles[at + TIME]) doubles[at + TIME] = timestamp;
  return doubles[at + TIME];
}

/** A question is forecast, and waits. @param time of its series */
function forecast(context: Context, { record, key, race, of }: Seen, x: readonly number[], time: number): void {
  const forecasts = forecastsOf(race, numbersOf(of.i, 0, x));
  const judged = askLater(race, forecasts);
  const question = { asked: time, x: Float64Array.from(x), forecasts, judged };
  race.doubles[race.at + OPEN] = ask(context.stores, key, of.i, question);
  for (const [m, { name }] of context.settings.models.entries())
    forward(context, questionPrediction(race, m, name, of, forecasts[m]));
  forwardBest(context, of, { forecasts, asked: judged });
  shownAs(context, key, record.partition, race, of)?.asked(race, forecasts);
}

/** An observation is scored and learned. @param question undefined of a plain one */
function learn(
  context: Context,
  { record, key, race, of }: Seen,
  observed: Float64Array,
  question: Question | undefined,
): void {
  const step = raceStep(race, observed, question);
  for (const [m, { name }] of context.settings.models.entries())
    forward(context, predictionOf(race, m, name, of, step, question?.asked));
  const head = { ...of, y: observed[NUMBER.y] };
  finish(record, context, key, race, head, step);
  if (step.judged !== undefined) forwardBest(context, head, step.judged, question?.asked);
  const told = dueVerdict(context, race, step);
  if (told !== undefined) forwardVerdict(context, key, race, head, told);
}

function correctAt(context: Context, { key, race, of }: Seen, place: number, y: number): void {
  const correction = correct(race, place, y);
  for (const [m, { name }] of context.settings.models.entries()) {
    const prediction = correctedPrediction(race, m, name, { ...of, y }, correction, place);
    context.forward(topics.rlsPredictions, of.series, prediction);
  }
  forwardStandings(context, key, race, of, correction);
}

function forward(context: Context, prediction: RlsPrediction): void {
  publishPrediction(context, topics.rlsPredictions, prediction);
}

/**
 * Standings where the order has changed. They are keyed `<raw topic>/<series>`: two topics may have a series of the same name, and
 * compaction keeps one value per key.
 */
function forwardStandings(
  context: Context,
  key: string,
  race: PackedValue,
  of: ObservationHead,
  changed: { readonly ranking: Ranking | undefined },
): void {
  const standings = changedStandings(race, of, changed);
  if (standings !== undefined) context.forward(topics.rlsStandings, key, standings);
}

/** What comes after the predictions of an observation that was learned. */
function finish(
  { partition }: InputRecord,
  context: Context,
  key: string,
  race: PackedValue,
  of: ObservationHead & { readonly y: number },
  step: RaceStep,
): void {
  const { metrics, settings } = context;
  forwardStandings(context, key, race, of, step);
  for (const { m, reason } of step.resets) metrics.reset(of.topic, settings.models[m].name, reason);
  shownAs(context, key, partition, race, of)?.update(race, of.y, step);
}

/** How the series is shown; undefined where it is not. */
function shownAs(
  { metrics, settings }: Context,
  key: string,
  partition: number,
  race: PackedValue,
  { topic, series }: ObservationHead,
): ShownRace | undefined {
  const shown = metrics.shown(key);
  if (shown?.isOf(race, settings.models)) return shown;
  if (shown === undefined && metrics.isFull(settings.metricsSeriesMax, shownRaceBytes(race))) {
    metrics.met(key, partition);
    return undefined;
  }
  metrics.show(key, partition, new ShownRace(topic, series, race, settings.models), settings.metricsSeriesMax);
  return metrics.shown(key);
}

/** The observation that was read, with its names as texts. */
function seenOf({ topic, series }: ObservationView): ObservationHead & { readonly y: number } {
  return { topic, series, i: numbers[NUMBER.i], y: numbers[NUMBER.y] };
}

/** Whether an observation and a prediction of it can stand in the codec's numbers. */
function areRoomFor(features: number): boolean {
  return NUMBER.x + features + PREDICTION_NUMBERS + features + 1 + BEST_NUMBERS + MODELS_MAX <= numbers.length;
}

/** How results of a list of models are laid out. */
interface Layouts {
  /** By model. */
  readonly predictions: readonly Layout[];
  readonly best: BestLayouts;
}

/** Those of the list that was asked for last: nearly always the one of the settings. */
let laidOut: { readonly models: readonly RlsModel[]; readonly layouts: Layouts | undefined } | undefined;

/** @returns undefined where the memory has no room for them */
function layoutsOf(models: readonly RlsModel[]): Layouts | undefined {
  if (laidOut?.models !== models) {
    const made = models.map(({ name, nu }) => rlsPredictionLayout(name, isMark(nu) ? null : nu));
    const predictions = made.filter((layout) => layout !== undefined);
    const isWhole = predictions.length === made.length;
    laidOut = { models, layouts: isWhole ? { predictions, best: bestLayoutsOf(models) } : undefined };
  }
  return laidOut.layouts;
}

/** Working memory: i, y, x1, ..., xn of the observation at hand. It grows to the most features so far. */
let observed = new Float64Array(0);

function numbersOf(i: number, y: number, x: ArrayLike<number>): Float64Array {
  if (observed.length < NUMBER.x + x.length) observed = new Float64Array(NUMBER.x + x.length);
  observed[NUMBER.i] = i;
  observed[NUMBER.y] = y;
  for (let j = 0; j < x.length; j++) observed[NUMBER.x + j] = x[j];
  return observed;
}
