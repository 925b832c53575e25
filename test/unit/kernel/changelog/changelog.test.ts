import assert from "node:assert/strict";
import type { ConsumedRecord } from "../../../../shared/kafka/consumed-record.js";
import { positionAt } from "../../../../shared/kafka/topic-partition.js";
import { hasWholeKey, positionsHeaders, positionsOf } from "../../../../shared/kernel/changelog/changelog.js";
import type { RecordHeaders } from "../../../../shared/service-definition.js";
import { textRecord } from "../../../support/data/observations.js";

const POSITIONS = { a: positionAt(7), b: positionAt(0) };

function record(headers?: RecordHeaders): ConsumedRecord {
  return { ...textRecord("log", "value"), headers } as ConsumedRecord;
}

describe("a changelog record", () => {
  it("tells the positions of its commit where it closes one, and none where it is a value", () => {
    assert.deepEqual(positionsOf(record(positionsHeaders(POSITIONS))), POSITIONS);
    assert.equal(positionsOf(record()), undefined);
  });

  it("tells what a value of an older version tells, with its mark of whole keys and without", () => {
    // As those versions wrote them.
    const [marked, cut] = [' {"a":7,"b":0}', '{"a":7,"b":0}'].map((text) =>
      record([{ "regatta-positions": Buffer.from(text) }]),
    );
    assert.deepEqual([positionsOf(marked), hasWholeKey(marked)], [POSITIONS, true]);
    assert.deepEqual([positionsOf(cut), hasWholeKey(cut)], [POSITIONS, false]);
  });

  it("has a whole key where it bears no positions: programs that cut keys gave positions to every record", () => {
    assert.ok(hasWholeKey(record()));
    assert.ok(hasWholeKey(record([{ other: Buffer.from("{}") }])));
    assert.ok(!hasWholeKey(record(positionsHeaders(POSITIONS, false))));
  });
});
