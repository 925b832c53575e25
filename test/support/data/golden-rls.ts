/** Reads the golden files of recursive least squares: what Python computes with the notebook's equations. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** One golden file: a stream and what a model must show at each record. */
export interface RlsGolden {
  readonly name: string;
  readonly nu: number;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly yhat: readonly number[];
  readonly error: readonly number[];
  /** After learning, intercept first. */
  readonly beta: readonly (readonly number[])[];
  readonly mse: readonly number[];
}

/** The streams; each was run with ν = 1.0 and with ν = 0.99. */
export const RLS_GOLDEN_STREAMS = ["linear3", "n1", "nonlin10"] as const;
export const RLS_GOLDEN_NUS = ["1.0", "0.99"] as const;

export function readRlsGolden(stream: string, nu: string): RlsGolden {
  const url = new URL(`../../../../test/parity/golden/rls_${stream}_nu${nu}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as RlsGolden;
}

/** Asserts that a number is `expected` to 1e-9 relative. */
export function assertClose(actual: number | null, expected: number, what: string): void {
  assert.ok(actual !== null, `${what}: expected ${expected}, got null`);
  const off = Math.abs(actual - expected);
  assert.ok(off <= 1e-9 * Math.abs(expected), `${what}: expected ${expected}, got ${actual}, off by ${off}`);
}
