import assert from "node:assert/strict";
import { goldenRaces } from "../support/data/golden-race.js";
import { assertGoldenPredictions, predictionsOf, raceObservations } from "../support/data/race-observations.js";

/** Races that run with live state too: trees take their time, and what differs is the window, which the others show as well. */
const LIVE = new Set(["nonlin10", "sin1", "ties10"]);

describe("ml-racer beside scikit-learn 1.9.1's golden files", () => {
  for (const race of goldenRaces()) {
    it(`publishes the forecasts and scores of ${race.name} when its state passes its codec at every record`, () => {
      const predictions = predictionsOf(raceObservations(race), {}, { roundTrip: true });
      assert.equal(predictions.length, 3 * race.y.length);
      assertGoldenPredictions(predictions, race);
    });

    if (LIVE.has(race.name)) {
      it(`publishes the forecasts and scores of ${race.name} when its state stays in memory`, () => {
        assertGoldenPredictions(predictionsOf(raceObservations(race)), race);
      });
    }
  }
});
