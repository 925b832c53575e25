import assert from "node:assert/strict";
import fc from "fast-check";
import { compareRecords, resultRecord } from "../support/judge/comparer.js";
import { holds } from "../support/property.js";

const record = (i: number, yhat: number) =>
  resultRecord({ topic: "rls-predictions", key: "s1", value: Buffer.from(JSON.stringify({ series: "s1", i, yhat })) });

describe("the comparer on any sequence", () => {
  it("counts exactly the records that were dropped, doubled and altered", () => {
    const fates = fc.array(fc.constantFrom("kept", "dropped", "doubled", "altered"), { maxLength: 60 });
    holds(
      fc.property(fates, (fate) => {
        const expected = fate.map((_, i) => record(i, 0));
        const actual = fate.flatMap((what, i) => {
          if (what === "dropped") return [];
          if (what === "doubled") return [record(i, 0), record(i, 0)];
          return [record(i, what === "altered" ? 1 : 0)];
        });
        const count = (what: string) => fate.filter((one) => one === what).length;
        const counts = compareRecords(expected, actual, () => {}).topics.get("rls-predictions")?.counts;
        if (fate.length === 0) assert.equal(counts, undefined);
        else {
          const found = { missing: count("dropped"), duplicate: count("doubled"), different: count("altered") };
          assert.deepEqual(counts, { ...found, reordered: 0 });
        }
      }),
    );
  });

  it("counts one record moved to another place as one reordered", () => {
    const moves = fc
      .integer({ min: 2, max: 40 })
      .chain((length) => fc.tuple(fc.constant(length), fc.nat(length - 1), fc.nat(length - 1)));
    holds(
      fc.property(moves, ([length, from, to]) => {
        const expected = Array.from({ length }, (_, i) => record(i, 0));
        const actual = [...expected];
        actual.splice(to, 0, ...actual.splice(from, 1));
        const counts = compareRecords(expected, actual, () => {}).topics.get("rls-predictions")?.counts;
        const reordered = from === to ? 0 : 1;
        assert.deepEqual(counts, { missing: 0, duplicate: 0, reordered, different: 0 });
      }),
    );
  });
});
