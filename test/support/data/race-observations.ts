/** Golden races through ml-racer: observations in, and each model's predictions out. */
import { mlRacer } from "../../../services/ml-racer/service.js";
import type { Environment } from "../../../shared/config.js";
import { type CompleteObservation, type Prediction, predictionSchema } from "../../../shared/contract/schemas.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { assertBits, assertLinear, assertLinearScore } from "../judge/sklearn-tolerance.js";
import type { GoldenModel, GoldenRace } from "./golden-race.js";
import { observation, observationRecord } from "./observations.js";

/** The records of a golden race as observations of a series that bears its name. */
export function raceObservations({ name, x, y }: GoldenRace): readonly CompleteObservation[] {
  return y.map((target, i) => observation({ topic: "dataNonLinearModel", series: name, i, y: target, x: [...x[i]] }));
}

/** Runs observations through a driver of ml-racer. @returns the predictions, in the order of forwarding */
export function predictionsOf(
  observations: readonly CompleteObservation[],
  environment: Environment = {},
  options: { readonly roundTrip?: boolean } = {},
): readonly Prediction[] {
  const driver = new TopologyDriver(mlRacer, environment, options);
  return observations.flatMap((of) =>
    driver
      .pipe(observationRecord(of))
      .outputs.filter(({ topic }) => topic === "ml-predictions")
      .map(({ value }) => predictionSchema.parse(JSON.parse(value.toString()))),
  );
}

/** Asserts that predictions are those of the golden file: trees to the last bit, least squares within its condition. */
export function assertGoldenPredictions(predictions: readonly Prediction[], race: GoldenRace): void {
  for (const model of ["rf", "lin", "gb"] satisfies GoldenModel[]) {
    const own = predictions.filter((prediction) => prediction.model === model);
    const yhat = own.map((prediction) => prediction.yhat ?? Number.NaN);
    const mse = own.map((prediction) => prediction.mse ?? Number.NaN);
    if (model === "lin") {
      assertLinear(yhat, race.yhat.lin, race);
      assertLinearScore(mse, race.mse.lin, race);
    } else {
      assertBits(yhat, race.yhat[model], `${race.name} ${model} yhat`);
      assertBits(mse, race.mse[model], `${race.name} ${model} mse`);
    }
  }
}
