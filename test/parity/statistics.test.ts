import assert from "node:assert/strict";
import { learn, newEstimates, variance } from "../../services/stateful-estimator/estimators.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import { estimateSchema } from "../../shared/contract/schemas.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { statsGoldens, statsObservations } from "../support/data/golden-statistics.js";
import { observationRecord } from "../support/data/observations.js";

describe("statistics and the golden files", () => {
  const goldens = statsGoldens();

  it("are three streams: standard normal, ties, and a mean a million times the deviation", () => {
    assert.deepEqual(goldens.map(({ name }) => name).sort(), ["stats_normal3", "stats_offset2", "stats_ties4"]);
    for (const { at } of goldens) assert.ok(at.length >= 21);
  });

  for (const golden of goldens) {
    it(`are the same doubles for ${golden.name} in the estimators`, () => {
      const estimates = newEstimates(golden.x[0].length - 1);
      for (const row of golden.x) {
        assert.ok(learn(estimates, Float64Array.from(row)));
        const k = golden.at.indexOf(estimates.count);
        if (k === -1) continue;
        assert.deepEqual([...estimates.mu], golden.mean[k]);
        assert.deepEqual(
          golden.var[k].map((_, j) => variance(estimates, j)),
          golden.var[k],
        );
        assert.deepEqual([...estimates.absSum], golden.sum_abs[k]);
        assert.deepEqual([...estimates.abs], golden.last_abs[k]);
      }
    });

    for (const roundTrip of [false, true]) {
      const kept = roundTrip ? "its state passes its codec" : "its state stays in memory";
      it(`are the same doubles for ${golden.name} on the estimates of stateful-estimator when ${kept}`, () => {
        const driver = new TopologyDriver(statefulEstimator, {}, { roundTrip });
        let compared = 0;
        for (const of of statsObservations(golden)) {
          const [output] = driver.pipe(observationRecord(of)).outputs;
          const estimate = estimateSchema.parse(JSON.parse(output.value.toString()));
          const k = golden.at.indexOf(estimate.n);
          if (k === -1) continue;
          compared++;
          assert.deepEqual(estimate.mu, golden.mean[k]);
          assert.deepEqual(estimate.variance, golden.var[k]);
          assert.deepEqual(estimate.absSum, golden.sum_abs[k]);
          assert.deepEqual(estimate.abs, golden.last_abs[k]);
        }
        assert.equal(compared, golden.at.length);
      });
    }
  }
});
