/** One observation in; one prediction per model out, and standings where their order has changed. */
import { observationOf } from "../../shared/contract/observation-record.js";
import type { RlsPrediction } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { type PublishSettings, publishRace, type RaceTopics } from "../../shared/race/publish.js";
import { type InputRecord, stateKey, type TaskContext } from "../../shared/service-definition.js";
import type { RlsModel } from "./model-list.js";
import { newRace, type Race, type RaceModel, raceStep, withModels } from "./race.js";

/** What the processor needs of the settings. */
export interface RaceSettings extends PublishSettings {
  readonly models: readonly RlsModel[];
}

/** Stores: `race`, one race per raw topic and series. */
export type RaceStates = { race: Race };

const RESULTS: RaceTopics<RlsPrediction> = { predictions: topics.rlsPredictions, standings: topics.rlsStandings };

/**
 * Races an observation at once: its models learn from it here.
 * @throws {RecordError} `not-an-observation`, `features-changed` or `too-many-features`; nothing has changed then
 */
export function processObservation(
  record: InputRecord,
  context: TaskContext<RaceSettings, RaceStates, RaceMetrics<RaceModel>>,
): void {
  const { settings, stores, metrics } = context;
  const observation = observationOf(record);
  const { topic, series, x } = observation;
  const key = stateKey(topic, series);
  const before = stores.race.get(key);
  const race = before === undefined ? newRace(settings.models, x.length) : withModels(before, settings.models);
  const result = raceStep(race, observation);

  stores.race.put(key, race);
  publishRace(context, RESULTS, { key, partition: record.partition, observation, models: race.models }, result);
  for (const { model, reason } of result.resets) metrics.reset(model, reason);
}
