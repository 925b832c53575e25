import assert from "node:assert/strict";
import fc from "fast-check";
import { batchOf, newRoom, RecordView } from "../../../shared/kafka/record-batch.js";
import { headerEntry, headerOf } from "../../../shared/kafka/record-headers.js";
import { positionAt } from "../../../shared/kafka/topic-partition.js";
import type { RecordHeaders } from "../../../shared/service-definition.js";
import { holds } from "../../support/property.js";

const header = fc
  .tuple(fc.constantFrom("a", "b", "trace"), fc.constantFrom("", "0", "1", "00-ab", "00-ac"))
  .map(([name, value]) => headerOf(name, Buffer.from(value)));
const batches = fc.array(fc.array(header, { maxLength: 3 }), { minLength: 1, maxLength: 20 });

const batchWith = (headers: readonly RecordHeaders[]) =>
  batchOf(
    headers.map((of, k) => ({
      topic: "t",
      partition: 0,
      offset: positionAt(k) as never,
      key: null,
      value: null,
      headers: of.length === 0 ? undefined : of,
    })),
    newRoom(headers.length, 4096),
  );
const textOf = (headers: RecordHeaders | undefined): string =>
  JSON.stringify((headers ?? []).map(headerEntry).map(([name, value]) => [name, value.toString()]));

describe("the headers of a batch's records", () => {
  it("are those of each record, in whatever order and however often they are asked for", () => {
    holds(
      fc.property(batches, fc.array(fc.nat(19), { maxLength: 40 }), (headers, asked) => {
        const batch = batchWith(headers);
        const view = new RecordView();
        for (const k of [...headers.keys(), ...asked.filter((number) => number < headers.length)]) {
          const given = view.at(batch, k).headers;
          assert.equal(textOf(given), textOf(headers[k]));
          assert.equal(given === undefined, headers[k].length === 0);
        }
      }),
    );
  });

  it("are one array as long as one record after another has the same, in one batch", () => {
    const same = () => [headerOf("regatta-schema", Buffer.from("0.1"))];
    const batch = batchWith([same(), same(), [headerOf("regatta-schema", Buffer.from("0.2"))], same(), same()]);
    const view = new RecordView();
    const [a, b, c, d, e] = Array.from({ length: 5 }, (_, k) => view.at(batch, k).headers);
    assert.ok(a === b && b !== c && c !== d && d === e);
    assert.notEqual(view.at(batchWith([same()]), 0).headers, e);
  });
});
