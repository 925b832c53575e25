/** What the models need to forecast one observation, as one array of numbers that can be handed to another thread. */
import type { Dimensions, TrainingSet } from "./models/regressor.js";

/** A job and what it consists of: R × n features, R targets, n features of the query, one after another. */
export interface ForecastJob {
  readonly numbers: Float64Array;
  /** A view of the numbers. */
  readonly training: TrainingSet;
  /** A view of the numbers: n features of the observation to forecast. */
  readonly query: Float64Array;
}

/** A job of zeros. */
export function newForecastJob({ features, trainLength }: Dimensions): ForecastJob {
  return readForecastJob(new Float64Array(trainLength * (features + 1) + features), trainLength);
}

/** @throws {RangeError} no number of features makes a job of this length */
export function readForecastJob(numbers: Float64Array, trainLength: number): ForecastJob {
  const features = (numbers.length - trainLength) / (trainLength + 1);
  if (!(Number.isSafeInteger(features) && features >= 1)) {
    throw new RangeError(`expected a job on ${trainLength} rows of 1 feature or more, got ${numbers.length} numbers`);
  }
  const targets = trainLength * features;
  const end = targets + trainLength;
  return {
    numbers,
    training: { features, rows: trainLength, x: numbers.subarray(0, targets), y: numbers.subarray(targets, end) },
    query: numbers.subarray(end),
  };
}
