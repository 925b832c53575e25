/** The notebook's race for one model and one series: predict, score, then learn. */
import { newTrainingSet, type Regressor } from "../../../services/ml-racer/models/regressor.js";
import { copyNewest, newWindow, pushRow } from "../../../services/ml-racer/window.js";

export interface RaceRun {
  readonly yhat: readonly number[];
  /** Prequential mean squared error after each record. */
  readonly mse: readonly number[];
}

export interface RaceStream {
  readonly window: number;
  readonly train: number;
  readonly n: number;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

export function runRace(regressor: Regressor, stream: RaceStream): RaceRun {
  const window = newWindow(stream.n, stream.window);
  const training = newTrainingSet({ features: stream.n, trainLength: stream.train });
  const yhat: number[] = [];
  const mse: number[] = [];
  let score = 0;
  stream.y.forEach((y, i) => {
    const x = Float64Array.from(stream.x[i]);
    copyNewest(window, training);
    const prediction = regressor.predict(training, x);
    const error = y - prediction;
    score += (error * error - score) / (i + 1);
    yhat.push(prediction);
    mse.push(score);
    pushRow(window, y, x);
  });
  return { yhat, mse };
}

/** Root of the mean square, the scale against which deviations of a stream are judged. */
export function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
