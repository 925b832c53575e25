import assert from "node:assert/strict";
import { isFiniteInFloat32, newTrainingSet } from "../../../services/ml-racer/models/regressor.js";
import { copyNewest, lengthFaults, newWindow, pushRow } from "../../../services/ml-racer/window.js";

describe("the window of newest observations", () => {
  it("starts with zeros, and keeps them behind the rows that came", () => {
    const window = newWindow(2, 4);
    pushRow(window, 1, Float64Array.of(10, 11));
    pushRow(window, 2, Float64Array.of(20, 21));
    const training = newTrainingSet({ features: 2, trainLength: 3 });
    copyNewest(window, training);
    assert.deepEqual([...training.y], [2, 1, 0]);
    assert.deepEqual([...training.x], [20, 21, 10, 11, 0, 0]);
  });

  it("holds the newest rows first after going round any number of times", () => {
    const window = newWindow(1, 5);
    const training = newTrainingSet({ features: 1, trainLength: 5 });
    for (let i = 1; i <= 23; i++) {
      pushRow(window, i, Float64Array.of(-i));
      copyNewest(window, training);
      const expected = Array.from({ length: 5 }, (_, age) => Math.max(0, i - age));
      assert.deepEqual([...training.y], expected);
      assert.deepEqual(
        [...training.x].map((x) => 0 - x),
        expected,
      );
    }
  });

  it("changes the one slot that it names", () => {
    const window = newWindow(1, 3);
    for (let i = 1; i <= 7; i++) {
      const before = [...window.rows];
      pushRow(window, i, Float64Array.of(i));
      const slot = window.newest;
      const changed = before.flatMap((value, at) => (value === window.rows[at] ? [] : [at >> 1]));
      assert.deepEqual([...new Set(changed)], [slot]);
    }
  });

  it("refuses sizes that do not fit", () => {
    assert.throws(() => newWindow(0, 5), RangeError);
    assert.throws(() => newWindow(1, 0), RangeError);
    assert.throws(() => pushRow(newWindow(2, 5), 1, Float64Array.of(1)), RangeError);
    assert.throws(() => copyNewest(newWindow(2, 5), newTrainingSet({ features: 2, trainLength: 6 })), RangeError);
    assert.throws(() => copyNewest(newWindow(2, 5), newTrainingSet({ features: 1, trainLength: 5 })), RangeError);
    assert.equal(lengthFaults(50, 51).length, 1);
    assert.deepEqual(lengthFaults(50, 50), []);
  });
});

describe("the guard before float32", () => {
  it("lets pass what stays finite as a float32, and stops what would not", () => {
    assert.equal(isFiniteInFloat32(Float64Array.of(1, -0, 3.4028234663852886e38)), true);
    // Half a unit in the last place above the largest float32 rounds to infinity.
    assert.equal(isFiniteInFloat32(Float64Array.of(1, 3.4028235677973366e38)), false);
    assert.equal(isFiniteInFloat32(Float64Array.of(-1e39)), false);
    assert.equal(isFiniteInFloat32(Float64Array.of(Number.NaN)), false);
  });
});
