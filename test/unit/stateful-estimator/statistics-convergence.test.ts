import assert from "node:assert/strict";
import { deserializer } from "../../../services/deserializer/service.js";
import { randomKey, recordText } from "../../../services/producer/generator.js";
import { statefulEstimator } from "../../../services/stateful-estimator/service.js";
import { type Estimate, estimateSchema } from "../../../shared/contract/schemas.js";
import { textRecord } from "../../support/data/observations.js";
import { recompute } from "../../support/judge/offline-model.js";
import { seededRandom } from "../../support/seed.js";

const RECORDS = 20_000;
const FEATURES = 10;
/** A standard normal number is beyond this with a probability of 6e-7. */
const STANDARD_ERRORS = 5;

describe("estimates of the default linear stream", () => {
  it("have means of x that go to 0 and variances that go to 1, as the law of large numbers bounds them", () => {
    const seed = Math.floor(seededRandom().seed);
    console.log(`      seed ${seed}`);
    const key = randomKey(seed, "dataLinearModel", "s0");
    const normals = new Float64Array(FEATURES + 1);
    const raw = Array.from({ length: RECORDS }, (_, i) =>
      textRecord("dataLinearModel", recordText(key, "linear", i, normals), { offset: i, key: Buffer.from("s0") }),
    );
    const { outputs } = recompute([deserializer, statefulEstimator], raw);
    const estimates = outputs.get("estimates") ?? [];
    assert.equal(estimates.length, RECORDS);
    const estimateAfter = (n: number): Estimate => estimateSchema.parse(JSON.parse(estimates[n - 1].value.toString()));
    // Of N standard normal numbers the mean has standard error 1/sqrt N, the variance sqrt(2/N) (its bias, 1/N, is less).
    for (const n of [200, 2000, RECORDS]) {
      const { mu, variance } = estimateAfter(n);
      for (let j = 1; j <= FEATURES; j++) {
        const bound = STANDARD_ERRORS / Math.sqrt(n);
        assert.ok(Math.abs(mu[j]) < bound, `mean of x${j} after ${n}: ${mu[j]}`);
        assert.ok(Math.abs(variance[j] - 1) < bound * Math.SQRT2, `variance of x${j} after ${n}: ${variance[j]}`);
      }
    }
    // y = 1 + sum b_j x_j + 0.1 e with b_j = (-1)^(j+1)/j: mean 1, variance sum 1/j² + 0.01.
    const { mu, variance } = estimateAfter(RECORDS);
    const ofY = Array.from({ length: FEATURES }, (_, k) => 1 / (k + 1) ** 2).reduce((sum, term) => sum + term, 0.01);
    assert.ok(Math.abs(mu[0] - 1) < STANDARD_ERRORS * Math.sqrt(ofY / RECORDS), `mean of y: ${mu[0]}`);
    assert.ok(Math.abs(variance[0] - ofY) < STANDARD_ERRORS * ofY * Math.sqrt(2 / RECORDS), `of y: ${variance[0]}`);
  });
});
