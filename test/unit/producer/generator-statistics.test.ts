import assert from "node:assert/strict";
import { Matrix, solve } from "ml-matrix";
import { randomKey, recordText, type Target } from "../../../services/producer/generator.js";

/** Deviations beyond this many standard errors have a probability of 6e-7 each. */
const STANDARD_ERRORS = 5;

/** y and x1 to xn of the records 0 to `count` - 1 of a series. */
function generate(
  seed: number,
  target: Target,
  n: number,
  count: number,
  series = "s0",
): { y: number[]; x: number[][] } {
  const key = randomKey(seed, "topic", series);
  const normals = new Float64Array(n + 1);
  const records = Array.from({ length: count }, (_, i): number[] => JSON.parse(recordText(key, target, i, normals)));
  return { y: records.map((record) => record[1]), x: records.map((record) => record.slice(2)) };
}

/** Asserts that the mean of `values`, each of standard deviation `sd`, is `expected` as closely as chance allows. */
function assertMean(values: readonly number[], expected: number, sd: number, what: string): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const errors = (mean - expected) / (sd / Math.sqrt(values.length));
  assert.ok(Math.abs(errors) < STANDARD_ERRORS, `${what}: mean ${mean}, ${errors} standard errors from ${expected}`);
}

for (const seed of [1, 2, 3]) describeRecords(seed);

function describeRecords(seed: number): void {
  describe(`generated records of seed ${seed}`, () => {
    const count = 20_000;

    // Moments of a standard normal number: E z = 0, z^2 = 1, z^3 = 0, z^4 = 3, z^8 = 105; so sd z^2 = sqrt 2, sd z^3 = sqrt 15,
    // sd z^4 = sqrt 96.
    it("have features whose mean goes to 0, variance to 1, and third and fourth moments to those of the normal law", () => {
      const { x } = generate(seed, "linear", 4, count);
      const features = x.flat();
      assertMean(features, 0, 1, "x");
      assertMean(
        features.map((value) => value ** 2),
        1,
        Math.sqrt(2),
        "x^2",
      );
      assertMean(
        features.map((value) => value ** 3),
        0,
        Math.sqrt(15),
        "x^3",
      );
      assertMean(
        features.map((value) => value ** 4),
        3,
        Math.sqrt(96),
        "x^4",
      );
    });

    it("have features within 1, 2 and 3 standard deviations as often as the normal law says", () => {
      const features = generate(seed, "linear", 4, count).x.flat();
      for (const [bound, probability] of [
        [1, 0.6826894921370859],
        [2, 0.9544997361036416],
        [3, 0.9973002039367398],
      ]) {
        const inside = features.map((value) => (Math.abs(value) < bound ? 1 : 0));
        assertMean(inside, probability, Math.sqrt(probability * (1 - probability)), `|x| < ${bound}`);
      }
    });

    it("have features that are not correlated with each other, with the last record's, or with another series'", () => {
      const { x } = generate(seed, "linear", 3, count);
      const other = generate(seed, "linear", 3, count, "s1").x;
      const products = (a: (i: number) => number, b: (i: number) => number) =>
        Array.from({ length: count - 1 }, (_, i) => a(i) * b(i));
      for (let j = 0; j < 3; j++) {
        assertMean(
          products(
            (i) => x[i][j],
            (i) => x[i][(j + 1) % 3],
          ),
          0,
          1,
          `x${j + 1} with its neighbour`,
        );
        assertMean(
          products(
            (i) => x[i][j],
            (i) => x[i + 1][j],
          ),
          0,
          1,
          `x${j + 1} with the next record's`,
        );
        assertMean(
          products(
            (i) => x[i][j],
            (i) => other[i][j],
          ),
          0,
          1,
          `x${j + 1} with the other series'`,
        );
      }
    });

    it("follow the linear equation: least squares finds 1, 1, -1/2, 1/3, -1/4 and noise of standard deviation 0.1", () => {
      const { y, x } = generate(seed, "linear", 4, count);
      const design = new Matrix(x.map((row) => [1, ...row]));
      const beta = solve(design, Matrix.columnVector(y), true).to1DArray();
      // x'x is near N times the identity, so each coefficient has a standard error near 0.1 / sqrt N.
      for (const [j, expected] of [1, 1, -1 / 2, 1 / 3, -1 / 4].entries()) {
        const bound = (STANDARD_ERRORS * 0.1) / Math.sqrt(count);
        assert.ok(Math.abs(beta[j] - expected) < bound, `coefficient ${j}: ${beta[j]}, expected ${expected}`);
      }
      const residuals = y.map((value, i) => value - beta[0] - x[i].reduce((sum, xj, j) => sum + beta[j + 1] * xj, 0));
      assertMean(
        residuals.map((e) => e * e),
        0.01,
        0.01 * Math.sqrt(2),
        "squared residual",
      );
    });

    it("follow the non-linear equation up to noise of mean 0 and standard deviation 0.1", () => {
      const { y, x } = generate(seed, "nonlinear", 4, count);
      const noise = y.map((value, i) => {
        const [x1, x2, x3, x4] = x[i];
        return value - (x1 ** 2 + Math.sin(Math.PI * x1 * x2) / 2 + x3 ** 2 / 3 + Math.sin(Math.PI * x3 * x4) / 4);
      });
      assertMean(noise, 0, 0.1, "noise");
      assertMean(
        noise.map((e) => e * e),
        0.01,
        0.01 * Math.sqrt(2),
        "squared noise",
      );
    });
  });
}
