import assert from "node:assert/strict";
import { readModel } from "../../../../shared/models/model-text.js";
import { recursiveKinds } from "../../../../shared/models/recursive-kinds.js";
import { RecursiveReplay, replayRecursive } from "../../../support/data/recursive-replay.js";

const ones = (y: readonly number[]) => ({ x: y.map(() => [1]), y });

function faultsOf(text: string): readonly string[] {
  const faults: string[] = [];
  readModel(text, recursiveKinds, faults);
  return faults;
}

describe("the recursive models", () => {
  it("last: forecasts the target of lag records ago, 0 while there are fewer", () => {
    assert.deepEqual(replayRecursive("last", ones([5, 6, 7])), [0, 5, 6]);
    assert.deepEqual(replayRecursive("last:lag=2", ones([5, 6, 7, 8, 9])), [0, 0, 5, 6, 7]);
  });

  it("mean: forecasts the mean of all targets", () => {
    assert.deepEqual(replayRecursive("mean", ones([2, 4, 9, 1])), [0, 2, 3, 5]);
  });

  it("holt: continues level and trend", () => {
    // l 2, b 0; then l 0.5·4 + 0.5·2 = 3, b 0.5·1 = 0.5; then l 0.5·4 + 0.5·3.5 = 3.75, b 0.5·0.75 + 0.5·0.5 = 0.625.
    assert.deepEqual(replayRecursive("holt:alpha=0.5:beta=0.5", ones([2, 4, 4, 0])), [0, 2, 3.5, 4.375]);
    assert.deepEqual(replayRecursive("holt:alpha=0.5:beta=0", ones([2, 4, 4])), [0, 2, 3]);
  });

  it("sgd: learns with the scale of the record at hand, and forecasts with that of the ones before", () => {
    // After (3, 5): m 3, v 0, so z is 0, g −10, c 1. After (5, 6): m 4, v 1, z 1, g −10, c 2, w 1; (7 − 4)·1 + 2 = 5.
    assert.deepEqual(replayRecursive("sgd:lr=0.1", { x: [[3], [5], [7]], y: [5, 6, 0] }), [0, 1, 5]);
  });

  it("sgd: keeps its gradient within 10^12", () => {
    assert.deepEqual(replayRecursive("sgd", ones([1e13, 0])), [0, 1e10]);
  });

  for (const [text, first, second] of [
    ["mean", [1, 1e308], [1, -1.7e308]],
    ["holt:alpha=1:beta=1", [1, 1.7e308], [1, -1.7e308]],
    ["sgd", [1e200, 1], [-1e200, 1]],
  ] as const) {
    it(`${text}: refuses (${second.join()}) after (${first.join()}), which no finite state follows, and stays as it was`, () => {
      const model = new RecursiveReplay(text, 1);
      assert.equal(model.learn([first[0]], first[1]), true);
      const before = model.state();
      assert.equal(model.learn([second[0]], second[1]), false);
      assert.deepEqual(model.state(), before);
    });
  }

  it("say which values their hyper-parameters may have", () => {
    assert.deepEqual(faultsOf("last:lag=0"), ['last: expected lag to be an integer from 1 to 2000, got "0"']);
    assert.deepEqual(faultsOf("holt:alpha=1.5"), ['holt: expected alpha to be a number from 0 to 1, got "1.5"']);
    assert.deepEqual(faultsOf("sgd:lr=0"), ['sgd: expected lr to be a number above 0, got "0"']);
    assert.deepEqual(faultsOf("mean:n=1"), ['mean: expected no hyper-parameters, got "n=1"']);
  });
});
