/** One observation in; one prediction per model out, and standings where their order has changed. */
import { rlsPredictionLayout } from "../../shared/contract/layouts.js";
import { observationOf } from "../../shared/contract/observation-record.js";
import { NUMBER, ObservationView } from "../../shared/contract/observation-view.js";
import type { Observation } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { numbers } from "../../shared/numbers/memory.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { type PublishSettings, publishPrediction } from "../../shared/race/publish.js";
import type { Layout } from "../../shared/result-layout.js";
import { type InputRecord, type PackedValue, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { raceFor } from "./configured-race.js";
import type { RlsModel } from "./model-list.js";
import { type RaceStep, raceStep } from "./race.js";
import {
  changedStandings,
  layPrediction,
  PREDICTION_NUMBERS,
  predictionOf,
  type RacedObservation,
} from "./race-results.js";
import { type ShownModel, ShownRace, shownRaceBytes } from "./shown-race.js";

/** What the processor needs of the settings. */
export interface RaceSettings extends PublishSettings {
  readonly models: readonly RlsModel[];
}

/** Stores: `race`, one race per raw topic and series. */
export type RaceStates = { race: PackedValue };

/** Metrics of the races. */
export type RlsMetrics = RaceMetrics<ShownModel, ShownRace>;

type Context = TaskContext<RaceSettings, RaceStates, RlsMetrics>;

const view = new ObservationView();

/**
 * Races an observation at once: its models learn from it here. Records of the usual form are read where they lie, and their
 * predictions are laid out in memory; all others go the way of {@link processAnyObservation}, with the same results.
 * @throws {RecordError} `not-an-observation`, `features-changed` or `too-many-features`; nothing has changed then
 */
export function processObservation(record: InputRecord, context: Context): void {
  const { models } = context.settings;
  const layouts = layoutsOf(models);
  if (layouts === undefined || !view.read(record) || !areRoomFor(view.features)) {
    processAnyObservation(record, context);
    return;
  }
  const { given, features, key } = view;
  const race = raceFor(context.stores.race, key, models, features);
  const step = raceStep(race, numbers);
  given.from = NUMBER.x + features;
  given.listLength = features + 1;
  for (let m = 0; m < models.length; m++) {
    if (step.refusals[m] === undefined) {
      layPrediction(race, m, step.yhat[m], numbers, given.from);
      if (context.write(topics.rlsPredictions, layouts[m], given)) continue;
    }
    forwardPrediction(context, race, m, seenOf(view), step);
  }
  const { metrics, settings } = context;
  const isShown = metrics.shown(key) !== undefined || !metrics.isFull(settings.metricsSeriesMax, shownRaceBytes(race));
  if (isShown || step.ranking !== undefined || step.resets.length > 0)
    finish(record, context, key, race, seenOf(view), step);
}

/** As {@link processObservation}, for an observation of any form. */
export function processAnyObservation(record: InputRecord, context: Context): void {
  const observation = observationOf(record);
  const { topic, series, x } = observation;
  const key = stateKey(topic, series);
  const race = raceFor(context.stores.race, key, context.settings.models, x.length);
  const step = raceStep(race, numbersOf(observation));
  for (let m = 0; m < context.settings.models.length; m++) forwardPrediction(context, race, m, observation, step);
  finish(record, context, key, race, observation, step);
}

function forwardPrediction(context: Context, race: PackedValue, m: number, of: RacedObservation, step: RaceStep): void {
  const { name } = context.settings.models[m];
  publishPrediction(context, topics.rlsPredictions, predictionOf(race, m, name, of, step));
}

/**
 * What comes after the predictions. Standings are keyed `<raw topic>/<series>`: two topics may have a series of the same name, and
 * compaction keeps one value per key.
 */
function finish(
  { partition }: InputRecord,
  context: Context,
  key: string,
  race: PackedValue,
  of: RacedObservation,
  step: RaceStep,
): void {
  const { metrics, settings } = context;
  const standings = changedStandings(race, of, step);
  if (standings !== undefined) context.forward(topics.rlsStandings, key, standings);
  for (const { m, reason } of step.resets) metrics.reset(settings.models[m].name, reason);
  shownAs(context, key, partition, race, of)?.update(race, of.y, step);
}

/** How the series is shown; undefined where it is not. */
function shownAs(
  { metrics, settings }: Context,
  key: string,
  partition: number,
  race: PackedValue,
  { topic, series }: RacedObservation,
): ShownRace | undefined {
  const shown = metrics.shown(key);
  if (shown?.isOf(race, settings.models)) return shown;
  if (shown === undefined && metrics.isFull(settings.metricsSeriesMax, shownRaceBytes(race))) return undefined;
  metrics.show(key, partition, new ShownRace(topic, series, race, settings.models), settings.metricsSeriesMax);
  return metrics.shown(key);
}

/** The observation that was read, with its names as texts. */
function seenOf({ topic, series }: ObservationView): RacedObservation {
  return { topic, series, i: numbers[NUMBER.i], y: numbers[NUMBER.y] };
}

/** Whether an observation and a prediction of it can stand in the codec's numbers. */
function areRoomFor(features: number): boolean {
  return NUMBER.x + features + PREDICTION_NUMBERS + features + 1 <= numbers.length;
}

/** The layouts of predictions by model, of the list that was asked for last: nearly always the one of the settings. */
let laidOut: { models: readonly RlsModel[]; layouts: readonly Layout[] | undefined } | undefined;

/** @returns undefined where the memory has no room for them */
function layoutsOf(models: readonly RlsModel[]): readonly Layout[] | undefined {
  if (laidOut?.models !== models) {
    const made = models.map(({ name, nu }) => rlsPredictionLayout(name, nu));
    const layouts = made.filter((layout) => layout !== undefined);
    laidOut = { models, layouts: layouts.length === made.length ? layouts : undefined };
  }
  return laidOut.layouts;
}

/** Working memory: i, y, x1, ..., xn of the observation at hand. It grows to the most features so far. */
let observed = new Float64Array(0);

function numbersOf({ i, y, x }: Observation): Float64Array {
  if (observed.length < NUMBER.x + x.length) observed = new Float64Array(NUMBER.x + x.length);
  observed[NUMBER.i] = i;
  observed[NUMBER.y] = y;
  for (let j = 0; j < x.length; j++) observed[NUMBER.x + j] = x[j];
  return observed;
}
