/** One observation in; a prediction per model out, standings where their order has changed, and the race goes on. */
import { observationOf } from "../../shared/contract/observation-record.js";
import { topics } from "../../shared/contract/topics.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { type InputRecord, stateKey, type TaskContext } from "../../shared/service-definition.js";
import type { RlsModel } from "./model-list.js";
import { newRace, type Race, type RaceModel, raceStep, withModels } from "./race.js";

/** What the processor needs of the settings. */
export interface RaceSettings {
  readonly models: readonly RlsModel[];
  readonly metricsSeriesMax: number;
}

/** Stores: `race`, one race per raw topic and series. */
export type RaceStates = { race: Race };

/**
 * Predictions are keyed by series, so that a series stays in one partition. Standings are keyed `<raw topic>/<series>`: two
 * topics may have a series of the same name, and compaction keeps one value per key.
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
  const { predictions, resets, standings } = raceStep(race, observation);

  stores.race.put(key, race);
  for (const prediction of predictions) {
    context.forward(topics.rlsPredictions, series, prediction);
    if (prediction.reason !== undefined) metrics.refused(prediction.model, prediction.reason);
  }
  for (const { model, reason } of resets) metrics.reset(model, reason);
  if (standings !== undefined) context.forward(topics.rlsStandings, key, standings);
  const shown = { topic, series, y: observation.y, forecasts: predictions, models: race.models };
  metrics.show(key, record.partition, shown, settings.metricsSeriesMax);
}
