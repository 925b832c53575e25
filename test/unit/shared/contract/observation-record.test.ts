import assert from "node:assert/strict";
import { observationOf, SERIES_BYTES_MAX } from "../../../../shared/contract/observation-record.js";
import { RecordError } from "../../../../shared/errors.js";

const OBSERVATION = { topic: "raw", series: "s0", i: 0, y: 1, x: [2] };

function read(changes: object) {
  const value = Buffer.from(JSON.stringify({ ...OBSERVATION, ...changes }));
  return observationOf({ topic: "raw.observations", partition: 0, offset: 0, timestamp: 0, key: null, value });
}

describe("an observation that others than the deserializer may have written", () => {
  it("may have the longest series and topic that the deserializer can give it", () => {
    for (const series of ["s".repeat(SERIES_BYTES_MAX), "é".repeat(SERIES_BYTES_MAX / 2), ""])
      assert.equal(read({ series }).series, series);
    const topic = "t".repeat(249);
    assert.equal(read({ topic }).topic, topic);
  });

  for (const [what, changes] of [
    ["a series of 600,000 characters", { series: "s".repeat(600_000) }],
    ["a series of one byte too many", { series: `${"é".repeat(SERIES_BYTES_MAX / 2)}s` }],
    ["a topic of 600,000 characters", { topic: "t".repeat(600_000) }],
    ["a topic with a slash, which separates it from the series in keys", { topic: "a/b" }],
    ["no name for a topic", { topic: "" }],
  ] as const) {
    it(`is refused before anything is changed where it has ${what}`, () => {
      assert.throws(
        () => read(changes),
        (error) => {
          assert.ok(error instanceof RecordError);
          assert.equal(error.reason, "not-an-observation");
          // Never the payload itself.
          assert.ok(error.message.length < 200);
          return true;
        },
      );
    });
  }
});
