import assert from "node:assert/strict";
import { ObservationView } from "../../../../shared/contract/observation-view.js";
import { codec } from "../../../../shared/numbers/codec.js";
import { STAGED_BYTES_MAX } from "../../../../shared/numbers/memory.js";

const fields = { topic: "raw.observations", partition: 0, offset: 0, timestamp: 0, key: null };
const usual = { topic: "raw", series: "s", i: 1, y: 2, x: [3, 4] };

describe("the view of an observation", () => {
  const view = new ObservationView();
  const read = (value: Buffer | string | null) =>
    view.read({ ...fields, value: typeof value === "string" ? Buffer.from(value) : value });
  const readAs = (members: object) => read(JSON.stringify({ ...usual, ...members }));

  it("takes an observation wherever its bytes lie", () => {
    assert.ok(readAs({}));
    assert.equal(view.key, "raw/s");
    assert.equal(view.features, 2);
  });

  it("leaves to the plain way what is no observation, or one that has to be refused or decoded", () => {
    for (const value of [null, "", "{}", "[1,2,3]", Buffer.alloc(STAGED_BYTES_MAX + 1)])
      assert.equal(read(value), false);
    for (const topic of ["", ".", "..", "a b", "a/b", "a".repeat(250)]) assert.equal(readAs({ topic }), false, topic);
    for (const series of ["é", 'a"b', "\n", "s".repeat(1025)]) assert.equal(readAs({ series }), false, series);
    for (const i of [1.5, 2 ** 53, null]) assert.equal(readAs({ i }), false);
    assert.equal(readAs({ x: [] }), false);
  });

  it("gives the same text for a key that comes again, also after so many others that all were forgotten", () => {
    assert.ok(readAs({}));
    codec.forgetKeys();
    assert.ok(readAs({ series: "other" }));
    assert.equal(view.key, "raw/other");
    assert.ok(readAs({}));
    assert.equal(view.key, "raw/s");
    assert.ok(readAs({ series: "other" }));
    assert.equal(view.key, "raw/other");
  });

  it("keeps refusing names that it has seen before", () => {
    for (let k = 0; k < 3; k++) assert.equal(readAs({ topic: ".." }), false);
  });
});
