import assert from "node:assert/strict";
import { MODELS_MAX, modelList } from "../../../services/rls-racer/model-list.js";

/** Messages of all issues; none where the text is accepted. */
function faultsOf(text: string): string[] {
  return modelList.safeParse(text).error?.issues.map((issue) => issue.message) ?? [];
}

describe("RLS_MODELS", () => {
  it("is a list of names and forgetting factors, in its order", () => {
    const expected = [
      { name: "rls1", nu: 1 },
      { name: "slow-2.b_C", nu: 0.99 },
      { name: "fast", nu: 0.005 },
    ];
    assert.deepEqual(modelList.parse("rls1:1.0, slow-2.b_C:.99 ,fast:5e-3"), expected);
  });

  const faults: [text: string, fault: RegExp][] = [
    ["", /model 1 is empty/],
    ["rls1:1,", /model 2 is empty/],
    ["rls1", /"rls1" is not <name>:<nu>/],
    ["rls1:1:2", /"rls1:1:2" is not <name>:<nu>/],
    ["a:1,b:0.5,a:0.9", /two models are called "a"/],
    ["rls1:0", /"0" is not a forgetting factor of rls1/],
    ["rls1:1.01", /"1.01" is not a forgetting factor/],
    ["rls1:-0.5", /"-0.5" is not a forgetting factor/],
    ["rls1:", /"" is not a forgetting factor/],
    ["rls1:0x1", /"0x1" is not a forgetting factor/],
    ["rls1:NaN", /"NaN" is not a forgetting factor/],
    ["rls1:1e-320", /"1e-320" is not a forgetting factor/],
    ["rls1:1e-151", /"1e-151" is not a forgetting factor of rls1: expected a number from 1e-150 to 1/],
    ["rls1:1e-400", /"1e-400" is not a forgetting factor/],
    [":1", /"" is not a model name/],
    ["a b:1", /"a b" is not a model name/],
    ["modèle:1", /"modèle" is not a model name/],
    [`${"n".repeat(65)}:1`, /is not a model name/],
    [Array.from({ length: MODELS_MAX + 1 }, (_, m) => `m${m}:1`).join(), /expected at most 64 models, got 65/],
  ];
  for (const [text, fault] of faults) {
    it(`refuses "${text.slice(0, 40)}", and for that alone`, () => {
      const found = faultsOf(text);
      assert.equal(found.length, 1, found.join("; "));
      assert.match(found[0], fault);
    });
  }

  it("reports every fault at once", () => {
    const found = faultsOf("a:1,a:2,,b c:0");
    assert.equal(found.length, 5, found.join("; "));
  });
});
