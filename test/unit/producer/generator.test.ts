import assert from "node:assert/strict";
import { randomKey, recordText, type Target } from "../../../services/producer/generator.js";

interface Expected {
  readonly seed: number;
  readonly topic: string;
  readonly series: string;
  readonly target: Target;
  readonly record: readonly number[];
}

// Computed in Python from the equations at the head of generator.ts and from the Philox paper.
const records: readonly Expected[] = [
  {
    seed: 0,
    topic: "dataLinearModel",
    series: "s0",
    target: "linear",
    record: [0, 1.0555964004651894, 0.5059446555512902, -0.3196847456651977, -2.29553250129449],
  },
  {
    seed: 0,
    topic: "dataNonLinearModel",
    series: "s1",
    target: "nonlinear",
    record: [1, 1.2013739401097023, -1.1215963330174052, 0.052492282489593034, -0.6946499214791743, 0.3407907839781206],
  },
  {
    seed: 7,
    topic: "sensors",
    series: "s41",
    target: "nonlinear",
    record: [8589934597, 0.027076998748391902, -0.23931320558928956],
  },
  {
    seed: 9007199254740991,
    topic: "a.b",
    series: "s0",
    target: "linear",
    record: [9007199254740991, -1.219904787417412, -1.6340050185734363, 1.0881793267173543],
  },
];

describe("generator", () => {
  for (const { seed, topic, series, target, record } of records) {
    const n = record.length - 2;
    it(`gives record ${record[0]} of ${topic}/${series} with seed ${seed} and ${n} features as the equations do`, () => {
      const text = recordText(randomKey(seed, topic, series), target, record[0], new Float64Array(n + 1));
      const actual: number[] = JSON.parse(text);
      assert.equal(actual.length, record.length);
      assert.equal(actual[0], record[0]);
      for (const [j, value] of record.entries()) assert.ok(Math.abs(actual[j] - value) < 1e-13, `number ${j}: ${text}`);
    });
  }

  it("writes a record as the notebook's producer does: a Python list of numbers", () => {
    const text = recordText(randomKey(0, "dataLinearModel", "s0"), "linear", 12, new Float64Array(11));
    const number = "-?[0-9]+(\\.[0-9]+)?(e-[0-9]+)?";
    assert.match(text, new RegExp(`^\\[12(, ${number}){11}\\]$`));
  });
});
