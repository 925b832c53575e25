/** One observation in, one estimate out, and its row into the matrix of the last ones. */
import { refuseOtherFeatures, rowOf } from "../../shared/contract/features.js";
import { observationOf } from "../../shared/contract/observation-record.js";
import type { Estimate, Observation } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import { type InputRecord, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { newRing, putRow, resizeRing } from "../../shared/state/row-ring.js";
import {
  countInInterval,
  type Estimates,
  learn,
  newEstimates,
  type RowValues,
  rowValues,
  variance,
} from "./estimators.js";
import type { SeriesState } from "./series-state.js";

/** An estimate has four arrays of at most 25 bytes a number: this many features stay below Kafka's usual 1 MB a record. */
export const FEATURES_MAX = 9_000;

/**
 * Largest magnitude of a number. A larger one could be learned as the first of its series, and then every later observation
 * would make the variance overflow; of numbers up to this, S stays finite for 4e7 observations at the very least.
 */
export const MAGNITUDE_MAX = 1e150;

/** What the processor needs of the settings. */
export interface EstimatorSettings {
  readonly batchIntervalMs: number;
  readonly matrixRows: number;
}

/**
 * Stores: `series`, one value per raw topic and series; `matrix`, its last rows `[y, x1, ..., xn]`, one key
 * `<topic>/<series>/<slot>` each.
 */
export type EstimatorStates = { series: SeriesState; matrix: Float64Array };

/** Why an observation is refused; nothing has changed then. */
export type EstimatorFault = "features-changed" | "too-many-features" | "number-too-large" | "estimate-not-finite";

/**
 * Estimates are keyed by series, so that a series stays in one partition.
 * @throws {RecordError} `not-an-observation` or an {@link EstimatorFault}; nothing has changed then
 */
export function processObservation(
  record: InputRecord,
  context: TaskContext<EstimatorSettings, EstimatorStates, undefined>,
): void {
  const { settings, stores } = context;
  const observation = observationOf(record);
  const key = stateKey(observation.topic, observation.series);
  const state = stores.series.get(key) ?? newState(observation, settings.matrixRows);
  const { estimates, matrix } = state;
  const row = checkedRow(observation, estimates.mu.length - 1);
  if (!learn(estimates, row)) {
    throw fault("estimate-not-finite", "expected sums that stay finite, got an observation that makes one overflow");
  }
  countInInterval(estimates.interval, record.timestamp, settings.batchIntervalMs);

  resizeRing(stores.matrix, key, matrix, settings.matrixRows);
  putRow(stores.matrix, key, matrix, row);
  stores.series.put(key, state);
  context.forward(topics.estimates, observation.series, estimateOf(observation, estimates, rowValues(row)));
}

function newState({ x }: Observation, matrixRows: number): SeriesState {
  if (x.length > FEATURES_MAX) {
    throw fault("too-many-features", `expected at most ${FEATURES_MAX} features, got ${x.length}`);
  }
  return { estimates: newEstimates(x.length), matrix: newRing(matrixRows) };
}

function checkedRow(observation: Observation, features: number): Float64Array {
  refuseOtherFeatures(features, observation.x.length);
  const row = rowOf(observation);
  for (let j = 0; j < row.length; j++) {
    if (Math.abs(row[j]) > MAGNITUDE_MAX) {
      const what = j === 0 ? "y" : `x${j}`;
      throw fault("number-too-large", `expected magnitudes of at most ${MAGNITUDE_MAX}, got ${row[j]} as ${what}`);
    }
  }
  return row;
}

function estimateOf({ topic, series, i }: Observation, estimates: Estimates, { max, mean }: RowValues): Estimate {
  const abs: number[] = [];
  const absSum: number[] = [];
  const mu: number[] = [];
  const variances: number[] = [];
  for (let j = 0; j < estimates.mu.length; j++) {
    abs.push(estimates.abs[j]);
    absSum.push(estimates.absSum[j]);
    mu.push(estimates.mu[j]);
    variances.push(variance(estimates, j));
  }
  const { count: n, interval } = estimates;
  const text = `Stream counter : ${i}`;
  return { topic, series, i, n, max, mean, text, abs, count: interval.count, absSum, mu, variance: variances };
}

function fault(reason: EstimatorFault, message: string): RecordError {
  return new RecordError(reason, message);
}
