/**
 * One observation in, one estimate out, and its row into the matrix of the last ones. A row has target and features: questions, and
 * labels without features, are passed over.
 */
import type { CommittedCounter } from "../../shared/committed-counter.js";
import { refuseOtherFeatures, rowOf } from "../../shared/contract/features.js";
import { estimateLayout } from "../../shared/contract/layouts.js";
import { observationOf } from "../../shared/contract/observation-record.js";
import { NUMBER, ObservationView } from "../../shared/contract/observation-view.js";
import { type Estimate, isComplete } from "../../shared/contract/schemas.js";
import { topics } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import { numbers } from "../../shared/numbers/memory.js";
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
import type { SeriesMetrics } from "./series-metrics.js";
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
  /** Number of series that are shown as metrics. */
  readonly metricsSeriesMax: number;
}

/**
 * Stores: `series`, one value per raw topic and series; `matrix`, its last rows `[y, x1, ..., xn]`, one key
 * `<topic>/<series>/<slot>` each.
 */
export type EstimatorStates = { series: SeriesState; matrix: Float64Array };

/** Why an observation is refused; nothing has changed then. */
export type EstimatorFault = "features-changed" | "too-many-features" | "number-too-large" | "estimate-not-finite";

/** What is known of series, and how many records are no rows. */
export interface EstimatorMetrics extends SeriesMetrics {
  readonly passedOver: CommittedCounter<"lacks">;
}

type Context = TaskContext<EstimatorSettings, EstimatorStates, EstimatorMetrics>;

/** An observation as it is learned. */
interface Entry {
  readonly topic: string;
  readonly series: string;
  /** State key of its series. */
  readonly key: string;
  readonly i: number;
  /** y, x1 to xn, in an array of its own. */
  readonly row: Float64Array;
}

const view = new ObservationView();
const layout = estimateLayout();
/** The names of the observation that was read. */
const shownName = () => ({ topic: view.topic, series: view.series });

/**
 * Estimates are keyed by series, so that a series stays in one partition.
 * @throws {RecordError} `not-an-observation` or an {@link EstimatorFault}; nothing has changed then
 */
export function processObservation(record: InputRecord, context: Context): void {
  if (layout === undefined || !view.read(record)) {
    processAnyObservation(record, context);
    return;
  }
  const { key, features } = view;
  const i = numbers[NUMBER.i];
  const row = numbers.slice(NUMBER.y, NUMBER.x + features);
  const estimates = estimated(record, context, key, row);
  context.metrics.show(key, record.partition, estimates, context.settings.metricsSeriesMax, shownName);
  view.given.listLength = layDown(i, estimates, rowValues(row));
  if (context.write(topics.estimates, layout, view.given)) return;
  forward(context, { topic: view.topic, series: view.series, key, i, row }, estimates);
}

/** As {@link processObservation}, for an observation of any form. */
export function processAnyObservation(record: InputRecord, context: Context): void {
  const observation = observationOf(record);
  if (!isComplete(observation)) {
    context.metrics.passedOver.inc({ lacks: observation.y === null ? "y" : "x" });
    return;
  }
  const { topic, series, i } = observation;
  const key = stateKey(topic, series);
  const row = rowOf(observation);
  const estimates = estimated(record, context, key, row);
  context.metrics.show(key, record.partition, estimates, context.settings.metricsSeriesMax, () => ({ topic, series }));
  forward(context, { topic, series, key, i, row }, estimates);
}

/** Learns the row of an observation. @throws {RecordError} nothing has changed then */
function estimated({ timestamp }: InputRecord, context: Context, key: string, row: Float64Array): Estimates {
  const { settings, stores } = context;
  const state = stores.series.get(key) ?? newState(row.length - 1, settings.matrixRows);
  const { estimates, matrix } = state;
  checkRow(row, estimates.mu.length - 1);
  if (!learn(estimates, row)) {
    throw fault("estimate-not-finite", "expected sums that stay finite, got an observation that makes one overflow");
  }
  countInInterval(estimates.interval, timestamp, settings.batchIntervalMs);

  resizeRing(stores.matrix, key, matrix, settings.matrixRows);
  putRow(stores.matrix, key, matrix, row);
  stores.series.put(key, state);
  return estimates;
}

function forward(context: Context, entry: Entry, estimates: Estimates): void {
  context.forward(topics.estimates, entry.series, estimateOf(entry, estimates, rowValues(entry.row)));
}

/** Puts the numbers of an estimate where its layout takes them from. @returns numbers of each list */
function layDown(i: number, estimates: Estimates, { max, mean }: RowValues): number {
  const { count: n, interval, abs, absSum, mu } = estimates;
  const p = mu.length;
  // A text has no -0.
  numbers.set([i, n, max, mean, i + 0]);
  numbers.set(abs, 5);
  numbers[5 + p] = interval.count;
  numbers.set(absSum, 6 + p);
  numbers.set(mu, 6 + 2 * p);
  for (let j = 0; j < p; j++) numbers[6 + 3 * p + j] = variance(estimates, j);
  return p;
}

function newState(features: number, matrixRows: number): SeriesState {
  if (features > FEATURES_MAX) {
    throw fault("too-many-features", `expected at most ${FEATURES_MAX} features, got ${features}`);
  }
  return { estimates: newEstimates(features), matrix: newRing(matrixRows) };
}

function checkRow(row: Float64Array, features: number): void {
  refuseOtherFeatures(features, row.length - 1);
  for (let j = 0; j < row.length; j++) {
    if (Math.abs(row[j]) > MAGNITUDE_MAX) {
      const what = j === 0 ? "y" : `x${j}`;
      throw fault("number-too-large", `expected magnitudes of at most ${MAGNITUDE_MAX}, got ${row[j]} as ${what}`);
    }
  }
}

function estimateOf({ topic, series, i }: Entry, estimates: Estimates, { max, mean }: RowValues): Estimate {
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
