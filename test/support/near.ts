/** Comparison of JSON values whose numbers went two ways. */
import assert from "node:assert/strict";

/**
 * Asserts that two JSON values are the same, numbers to `tolerance` relative to the larger of 1 and the expected one.
 * @throws {AssertionError} names the place of the first difference
 */
export function assertNear(actual: unknown, expected: unknown, tolerance: number, where = "value"): void {
  if (typeof actual === "number" && typeof expected === "number") {
    const off = Math.abs(actual - expected);
    assert.ok(off <= tolerance * Math.max(1, Math.abs(expected)), `${where}: expected ${expected}, got ${actual}`);
  } else if (isObject(actual) && isObject(expected)) {
    assert.deepEqual(Object.keys(actual), Object.keys(expected), where);
    for (const key of Object.keys(expected)) assertNear(actual[key], expected[key], tolerance, `${where}.${key}`);
  } else {
    assert.deepEqual(actual, expected, where);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
