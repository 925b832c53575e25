/** A model that both racers know is one model: on records whose labels come late it says in both the same, to the last bit. */
import assert from "node:assert/strict";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { type Prediction, predictionSchema } from "../../shared/contract/schemas.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { lateStream } from "../support/data/late-stream.js";
import { observationRecord } from "../support/data/observations.js";
import { seededRandom } from "../support/seed.js";

const MODELS = "rls:nu=0.99,last,last:lag=3,mean,holt,sgd,rls";
const TOPIC = "dataLinearModel";

describe("a model in rls-racer and in ml-racer", () => {
  const { seed, random } = seededRandom();

  for (const heldJobs of [0, 1, 7]) {
    it(`forecasts and scores the same while ${heldJobs} forecasts of ml-racer are under way (seed ${seed})`, () => {
      const records = lateStream(random, 150, 12).map(({ timestamp, i, y, x }) =>
        observationRecord({ topic: TOPIC, series: "s1", i, y, ...(x && { x: [...x] }) }, { timestamp }),
      );
      const rls = new TopologyDriver(rlsRacer, { RLS_MODELS: MODELS }, { roundTrip: true });
      const ml = new TopologyDriver(mlRacer, { ML_MODELS: `lin,${MODELS}` }, { heldJobs, roundTrip: heldJobs === 0 });
      const said = [rls, ml].map((driver) => {
        const results = records.map((record) => driver.pipe(record));
        driver.settle();
        return results.flatMap(({ outputs }) =>
          outputs
            .filter(({ topic }) => topic.endsWith("-predictions"))
            .map(({ value }): Prediction => predictionSchema.parse(JSON.parse(value.toString())))
            .filter(({ model }) => model !== "lin"),
        );
      });
      assert.ok(said[0].length > 150 * 7);
      assert.deepEqual(said[1], said[0]);
    });
  }
});
