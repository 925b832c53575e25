import assert from "node:assert/strict";
import fc from "fast-check";
import { inverse, Matrix, solve } from "ml-matrix";
import { prequentialMse } from "../../shared/race/score.js";
import { forgettingFactors, type Stream, streams } from "../support/data/race-arbitraries.js";
import { RlsModel } from "../support/data/rls-model.js";
import { holds } from "../support/property.js";

/** Most that two ways of computing the same may differ here, relative to the larger, or absolute below 1. */
const TOLERANCE = 1e-8;

function assertNear(actual: number, expected: number, what: string): void {
  const scale = Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= TOLERANCE * scale, `${what}: expected ${expected}, got ${actual}`);
}

/** A model that has learned a stream, and the errors it made on the way. */
function learned({ features, rows }: Stream, nu: number) {
  const rls = new RlsModel(features, nu);
  const errors = rows.map(({ y, x }) => {
    const error = y - rls.predict(x);
    assert.ok(rls.learn(x, error));
    return error;
  });
  return { rls, errors };
}

/** Σ weight(k) x_kᵀ x_k over all rows, k from 1, with 1 before the features of a row. */
function weightedSquares({ features, rows }: Stream, weight: (k: number) => number): Matrix {
  const sum = Matrix.zeros(features + 1, features + 1);
  for (const [k, { x }] of rows.entries()) {
    const row = Matrix.rowVector([1, ...x]);
    sum.add(
      row
        .transpose()
        .mmul(row)
        .mul(weight(k + 1)),
    );
  }
  return sum;
}

describe("RLS on any stream", () => {
  it("reaches the ridge regression of all rows when it forgets nothing, its penalty being 1 / 10", () => {
    holds(
      fc.property(streams(40), (stream) => {
        const moment = Matrix.zeros(stream.features + 1, 1);
        for (const { y, x } of stream.rows) moment.add(Matrix.columnVector([1, ...x]).mul(y));
        const penalty = Matrix.eye(moment.rows, moment.rows).div(10);
        const expected = solve(weightedSquares(stream, () => 1).add(penalty), moment).to1DArray();
        const { rls } = learned(stream, 1);
        for (const [j, beta] of expected.entries()) assertNear(rls.beta[j], beta, `β[${j}]`);
      }),
    );
  });

  it("has for V⁻¹ the prior's and all rows' squares, fading by ν at each step", () => {
    // By the Woodbury identity the update of V is V⁻¹ ← ν (V⁻¹ + xᵀ x), so V⁻¹ = ν^N / 10 I + Σ ν^(N - k + 1) x_kᵀ x_k.
    holds(
      fc.property(streams(40), forgettingFactors, (stream, nu) => {
        const steps = stream.rows.length;
        const squares = weightedSquares(stream, (k) => nu ** (steps - k + 1));
        const expected = inverse(squares.add(Matrix.eye(squares.rows, squares.rows).mul(nu ** steps / 10)));
        const V = learned(stream, nu).rls.covariance();
        for (let i = 0; i < expected.rows; i++) {
          for (let j = 0; j < expected.columns; j++) assertNear(V[i][j], expected.get(i, j), `V[${i}, ${j}]`);
        }
      }),
    );
  });

  it("has the V of the notebook's update on the full matrix", () => {
    holds(
      fc.property(streams(20), forgettingFactors, (stream, nu) => {
        const p = stream.features + 1;
        let full = Matrix.eye(p, p).mul(10);
        for (const { x } of stream.rows) {
          const row = Matrix.rowVector([1, ...x]);
          const xV = row.mmul(full);
          const divisor = 1 + xV.mmul(row.transpose()).get(0, 0);
          full = full.sub(full.mmul(row.transpose()).mmul(xV).div(divisor)).div(nu);
        }
        const { rls } = learned(stream, nu);
        const V = rls.covariance();
        assertNear(rls.trace(), full.trace(), "trace");
        for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) assertNear(V[i][j], full.get(i, j), `V[${i}, ${j}]`);
      }),
    );
  });

  it("takes -0, denormals, 2^53 + 1 and numbers far apart for the numbers they are", () => {
    const odd = fc.constantFrom(
      0,
      -0,
      5e-324,
      -5e-324,
      2.2e-308,
      2 ** 53,
      2 ** 53 + 1,
      -(2 ** 53) - 1,
      1e-160,
      1e150,
      1,
      -3,
    );
    const rows = fc.array(fc.record({ y: odd, x: fc.tuple(odd, odd) }), { minLength: 1, maxLength: 30 });
    holds(
      fc.property(rows, forgettingFactors, (stream, nu) => {
        const rls = new RlsModel(2, nu);
        const unsigned = new RlsModel(2, nu);
        for (const { y, x } of stream) {
          const before = rls.bytes();
          const learned = rls.learn(x, y - rls.predict(x));
          if (!learned) assert.equal(rls.bytes(), before);
          assert.ok(rls.isPositiveDefinite());
          assert.ok([...rls.beta, ...rls.UD].every(Number.isFinite));
          // -0 + 0 is 0: the sign of a zero leaves no trace but in zeros.
          const plus = x.map((value) => value + 0);
          assert.equal(unsigned.learn(plus, y + 0 - unsigned.predict(plus)), learned);
          for (const [k, value] of rls.UD.entries()) assert.ok(value === unsigned.UD[k]);
          for (const [k, value] of rls.beta.entries()) assert.ok(value === unsigned.beta[k]);
        }
      }),
      500,
    );
  });

  it("makes errors whose prequential mse is the mean of their squares", () => {
    holds(
      fc.property(streams(40), forgettingFactors, (stream, nu) => {
        const { errors } = learned(stream, nu);
        const mse = errors.reduce((before, error, k) => prequentialMse(before, error, k + 1), 0);
        assertNear(mse, errors.reduce((sum, error) => sum + error * error, 0) / errors.length, "mse");
      }),
    );
  });
});
