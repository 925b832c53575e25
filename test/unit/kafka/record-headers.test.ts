import assert from "node:assert/strict";
import fc from "fast-check";
import { DEAD_LETTER_HEADERS } from "../../../shared/contract/dead-letter.js";
import { DEAD_LETTER_BYTES_MAX } from "../../../shared/contract/topics.js";
import { CONTRACT_VERSION } from "../../../shared/contract-version.js";
import { RecordError } from "../../../shared/errors.js";
import {
  headerBytes,
  headerEntry,
  headerOf,
  TRAVELLING_BYTES_MAX,
  travelling,
  withoutOwn,
} from "../../../shared/kafka/record-headers.js";
import { deadLetter } from "../../../shared/kernel/commit/dead-letter.js";
import type { RecordHeaders } from "../../../shared/service-definition.js";
import { textRecord } from "../../support/data/observations.js";
import { holds } from "../../support/property.js";

type Entry = readonly [string, Buffer];
const OWN = ["reason", "message", "service", "topic", "partition", "offset", "timestamp", "envelope"];
const name = fc.oneof(
  fc.constantFrom(...OWN, "raw-reason", "raw-raw-x", "raw-", "regatta-positions", "__proto__", "", "0", "traceparent"),
  fc.string(),
);
const entries: fc.Arbitrary<Entry[]> = fc.array(
  fc.tuple(
    name,
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  ),
);
const headers = (of: readonly Entry[]): RecordHeaders => of.map(([key, value]) => headerOf(key, value));
const entriesOf = (of: RecordHeaders) => of.map(headerEntry);
const error = new RecordError("null-value", "expected an observation, got a null value");
const letterOf = (value: string | null, of: RecordHeaders) =>
  deadLetter("deserializer", textRecord("raw", value, { headers: of }), { error, form: "whole" });

describe("a dead letter's headers", () => {
  it("are its own, once each and first, then the record's, from which those can be told again byte for byte", () => {
    holds(
      fc.property(entries, (sent) => {
        const whole = letterOf("oops", headers(sent)).headers;
        const letter = entriesOf(whole);
        assert.deepEqual(
          letter.slice(0, 7).map(([key]) => key),
          OWN.slice(0, 7),
        );
        const raw = letter.slice(7);
        assert.ok(raw.every(([key]) => !OWN.includes(key)));
        const undone = raw.map(([key, value]) => [key.startsWith("raw-") ? key.slice(4) : key, value]);
        assert.deepEqual(undone, sent);
        assert.deepEqual(entriesOf(withoutOwn(whole, DEAD_LETTER_HEADERS)), sent);
      }),
    );
  });

  it("count towards the limit; an envelope has such of the record's as go along to results", () => {
    const small = headers([
      ["traceparent", Buffer.from("00-ab")],
      ["reason", Buffer.from("theirs")],
    ]);
    const room = DEAD_LETTER_BYTES_MAX - headerBytes(small);
    assert.equal(letterOf("x".repeat(room - "raw-".length), small).value?.length, room - "raw-".length);
    const letter = entriesOf(letterOf("x".repeat(room), small).headers);
    assert.deepEqual(
      letter.slice(7).map(([key, value]) => `${key}: ${value}`),
      ["envelope: true", "traceparent: 00-ab", "raw-reason: theirs"],
    );
    const large = headers([
      ["much", Buffer.alloc(DEAD_LETTER_BYTES_MAX)],
      ["little", Buffer.from("1")],
    ]);
    assert.deepEqual(
      entriesOf(letterOf(null, large).headers)
        .slice(7)
        .map(([key]) => key),
      ["envelope", "little"],
    );
  });
});

describe("the headers that go along to results", () => {
  it("are the record's, byte for byte and in their order, but for the product's own", () => {
    holds(
      fc.property(entries, (sent) => {
        const { headers: kept, described, bytes, left } = travelling(headers(sent));
        const expected = sent.filter(([key]) => !key.startsWith("regatta-"));
        assert.deepEqual(kept === undefined ? [] : entriesOf(kept), expected);
        assert.deepEqual(entriesOf(described), [...expected, ["regatta-schema", Buffer.from(CONTRACT_VERSION)]]);
        assert.deepEqual([bytes, left], [headerBytes(described), 0]);
      }),
    );
  });

  it("are as many as fit, and the others are counted", () => {
    const sent = headers([
      ["a", Buffer.alloc(5000)],
      ["b", Buffer.alloc(5000)],
      ["c", Buffer.alloc(3000)],
      ["d", Buffer.alloc(500)],
    ]);
    const { headers: kept, left } = travelling(sent);
    assert.deepEqual(
      entriesOf(kept ?? []).map(([key]) => key),
      ["a", "c"],
    );
    assert.equal(left, 2);
    assert.ok(headerBytes(kept ?? []) <= TRAVELLING_BYTES_MAX);
  });

  it("have the name __proto__ where the client has made that header's value the prototype", () => {
    const read = Object.setPrototypeOf({}, Buffer.from([1, 2]));
    assert.deepEqual(headerEntry(read), ["__proto__", Buffer.from([1, 2])]);
  });
});
