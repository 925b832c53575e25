/**
 * One observation in; one prediction per model out, and standings where their order has changed. The models' forecasts are
 * heavy work: what they need is copied and the observation enters the window at once; it is scored when they are done.
 */
import { refuseOtherFeatures, rowOf } from "../../shared/contract/features.js";
import { completeObservationOf } from "../../shared/contract/observation-record.js";
import type { Prediction } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { type PublishSettings, publishRace, type RaceTopics } from "../../shared/race/publish.js";
import { type InputRecord, type StateStore, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { newRing, putRow, readRows, resizeRing } from "../../shared/state/row-ring.js";
import type { ModelSpecification } from "./models/model-registry.js";
import { enterWindow, newRace, type Race, racingModels, scoreForecasts, withModels } from "./race.js";
import { newWindow, pushRow, type Window } from "./window.js";

/** Most features of a series: a bound on the memory of its window and of the models made for its shape. */
export const FEATURES_MAX = 2_000;

const NO_MODELS: readonly number[] = [];

/** What the processor needs of the settings. */
export interface RaceSettings extends PublishSettings {
  readonly models: readonly ModelSpecification[];
  readonly windowLength: number;
  readonly trainLength: number;
}

/**
 * Stores: `race`, one value per raw topic and series; `window`, its newest rows `[y, x1, ..., xn]`, one key
 * `<topic>/<series>/<slot>` each.
 */
export type RaceStates = { race: Race; window: Float64Array };

const RESULTS: RaceTopics<Prediction> = { predictions: topics.mlPredictions, standings: topics.mlStandings };

/**
 * Puts an observation into its window, and races it when the models' forecasts are done.
 * @throws {RecordError} `not-an-observation`, `features-changed` or `too-many-features`; nothing has changed then
 */
export function processObservation(
  record: InputRecord,
  context: TaskContext<RaceSettings, RaceStates, RaceMetrics>,
): void {
  const { settings, stores, metrics } = context;
  const observation = completeObservationOf(record);
  const { topic, series, x } = observation;
  const key = stateKey(topic, series);
  const before = stores.race.get(key);
  checkFeatures(before, x.length);
  const race =
    before === undefined
      ? newRace(settings.models, x.length, newRing(settings.windowLength))
      : withModels(before, settings.models);
  const window = windowOf(race, stores.window, key, settings.windowLength);
  const job = enterWindow(window, observation, settings.trainLength);
  if (job.length > 0) putRow(stores.window, key, race.ring, rowOf(observation));
  stores.race.put(key, race);

  const allRefuse = job.length === 0;
  const racing = allRefuse ? NO_MODELS : racingModels(race);
  context.compute(job, racing, (forecasts) => {
    const result = scoreForecasts(race, observation, allRefuse ? undefined : forecasts, racing);
    stores.race.put(key, race);
    publishRace(context, RESULTS, { key, partition: record.partition, observation, models: race.models }, result);
    for (const model of result.leftOut) {
      metrics.leftOut(model);
      const { i } = observation;
      context.warn(
        { series: key, model, i },
        "a model did not answer in time again and again: it is left out of this series",
      );
    }
  });
}

/**
 * The live window of a race. Its rows are read from the store where the race was read from bytes. The configured length may
 * have changed since those were written: rows that a longer window needs and that are no longer stored are zeros.
 */
function windowOf(race: Race, store: StateStore<Float64Array>, key: string, length: number): Window {
  if (race.window !== undefined) return race.window;
  resizeRing(store, key, race.ring, length);
  const window = newWindow(race.features, length);
  for (const row of readRows(store, key, race.ring)) pushRow(window, row[0], row.subarray(1));
  race.window = window;
  return window;
}

function checkFeatures(race: Race | undefined, features: number): void {
  if (race === undefined && features > FEATURES_MAX) {
    throw new RecordError("too-many-features", `expected at most ${FEATURES_MAX} features, got ${features}`);
  }
  if (race !== undefined) refuseOtherFeatures(race.features, features);
}
