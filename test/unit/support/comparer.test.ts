import assert from "node:assert/strict";
import {
  type ComparedRecord,
  compareRecords,
  comparisonReport,
  deadLetterRecord,
  type FaultKind,
  resultRecord,
} from "../../support/judge/comparer.js";

/** A prediction of model `model` for observation `i`; `yhat` tells its bytes from others. */
function prediction(i: number, yhat = i / 2, model = "rls1", series = "s1"): ComparedRecord {
  const value = Buffer.from(JSON.stringify({ topic: "dataLinearModel", series, model, i, yhat }));
  return resultRecord({ topic: "rls-predictions", key: series, value });
}

const run = (is: readonly number[], model?: string, series?: string) =>
  is.map((i) => prediction(i, i / 2, model, series));

/** Counts of one topic, silently. */
function countsOf(expected: readonly ComparedRecord[], actual: readonly ComparedRecord[], topic = "rls-predictions") {
  return compareRecords(expected, actual, () => {}).topics.get(topic)?.counts;
}

const only = (faults: Partial<Record<FaultKind, number>>) => ({
  missing: 0,
  duplicate: 0,
  reordered: 0,
  different: 0,
  ...faults,
});

describe("the comparer", () => {
  it("prints four zeros where everything is equal, however the sequences are interleaved", () => {
    const expected = [...run([1, 2, 3]), ...run([1, 2, 3], "rls2"), ...run([1], "rls1", "s2")];
    const actual = [
      ...run([1], "rls1", "s2"),
      ...run([1], "rls2"),
      ...run([1, 2]),
      ...run([2, 3], "rls2"),
      ...run([3]),
    ];
    const printed: string[] = [];
    const { equal } = compareRecords(expected, actual, (report) => printed.push(report));
    assert.deepEqual(printed, [
      "rls-predictions: missing 0, duplicate 0, reordered 0, different 0 (expected 7 records, got 7)",
    ]);
    assert.equal(equal, true);
  });

  const cases: [what: string, actual: readonly ComparedRecord[], faults: Partial<Record<FaultKind, number>>][] = [
    ["a record that did not come", run([1, 2, 4, 5]), { missing: 1 }],
    ["the last record missing", run([1, 2, 3, 4]), { missing: 1 }],
    ["a record that came twice in a row", run([1, 2, 2, 3, 4, 5]), { duplicate: 1 }],
    ["a stretch that was replayed", run([1, 2, 3, 2, 3, 4, 5]), { duplicate: 2 }],
    [
      "a replayed stretch with other values",
      [...run([1, 2, 3]), prediction(2, 99), prediction(3, 98), ...run([4, 5])],
      { duplicate: 2 },
    ],
    ["two neighbours that changed places", run([1, 3, 2, 4, 5]), { reordered: 1 }],
    ["one record that came much too late", run([2, 3, 4, 5, 1]), { reordered: 1 }],
    ["a sequence the wrong way round", run([5, 4, 3, 2, 1]), { reordered: 4 }],
    ["a record with another value", [...run([1, 2]), prediction(3, 99), ...run([4, 5])], { different: 1 }],
    ["a record that nobody expects", run([1, 2, 3, 4, 5, 6]), { different: 1 }],
    ["a record of a model that nobody expects", [...run([1, 2, 3, 4, 5]), prediction(1, 0, "rls9")], { different: 1 }],
    ["one of each", [...run([1, 1, 4]), prediction(3, 99)], { missing: 2, duplicate: 1, reordered: 1, different: 1 }],
    ["nothing at all", [], { missing: 5 }],
  ];
  for (const [what, actual, faults] of cases) {
    it(`finds ${what}, and nothing else`, () => {
      assert.deepEqual(countsOf(run([1, 2, 3, 4, 5]), actual), only(faults));
      assert.equal(compareRecords(run([1, 2, 3, 4, 5]), actual, () => {}).equal, false);
    });
  }

  it("sees the sign of a zero and the spelling of a number: bytes are compared, not their meaning", () => {
    const textOf = (yhat: string) =>
      resultRecord({ topic: "rls-predictions", key: "s1", value: Buffer.from(`{"series":"s1","i":1,"yhat":${yhat}}`) });
    for (const yhat of ["-0", "0.0", "0e0"])
      assert.deepEqual(countsOf([textOf("0")], [textOf(yhat)]), only({ different: 1 }));
  });

  it("tells repeated raw records by their occurrence: both are expected, in their order, and a third is a duplicate", () => {
    const expected = [prediction(1), prediction(2, 10), prediction(2, 20), prediction(3)];
    assert.deepEqual(countsOf(expected, [...expected]), only({}));
    assert.deepEqual(
      countsOf(
        expected,
        expected.filter((_, k) => k !== 2),
      ),
      only({ missing: 1 }),
    );
    assert.deepEqual(
      countsOf(expected, [...expected.slice(0, 3), prediction(2, 20), prediction(3)]),
      only({ duplicate: 1 }),
    );
  });

  it("holds a record under another key for missing there and not expected here", () => {
    const { value } = prediction(1);
    const moved = resultRecord({ topic: "rls-predictions", key: "s2", value: value ?? Buffer.alloc(0) });
    assert.deepEqual(countsOf([prediction(1)], [moved]), only({ missing: 1, different: 1 }));
  });

  it("reports each topic by itself, also one that is on one side only", () => {
    const standings = resultRecord({
      topic: "rls-standings",
      key: "t/s1",
      value: Buffer.from('{"series":"s1","i":1}'),
    });
    assert.deepEqual(countsOf(run([1]), [...run([1]), standings]), only({}));
    assert.deepEqual(countsOf(run([1]), [...run([1]), standings], "rls-standings"), only({ different: 1 }));
    assert.deepEqual(countsOf([...run([1]), standings], run([1]), "rls-standings"), only({ missing: 1 }));
  });

  it("tells values that are not JSON apart by their bytes", () => {
    const raw = (text: string) => resultRecord({ topic: "dataLinearModel", key: "s1", value: Buffer.from(text) });
    assert.deepEqual(countsOf([raw("[1,")], [raw("[1,")], "dataLinearModel"), only({}));
    assert.deepEqual(countsOf([raw("[1,")], [raw("[2,")], "dataLinearModel"), only({ different: 1 }));
  });

  it("knows dead letters by service, origin and reason, and tells no bytes from empty ones", () => {
    const origin = { service: "deserializer", reason: "empty", topic: "dataLinearModel", partition: 2, offset: 7 };
    const letter = (value: Buffer | null, parts: Partial<typeof origin> = {}) =>
      deadLetterRecord({ ...origin, ...parts }, value);
    const none = letter(null);
    assert.deepEqual(countsOf([none], [letter(null)], "dead-letters"), only({}));
    assert.deepEqual(countsOf([none], [letter(Buffer.alloc(0))], "dead-letters"), only({ different: 1 }));
    assert.deepEqual(countsOf([none], [none, none], "dead-letters"), only({ duplicate: 1 }));
    for (const parts of [{ offset: 8 }, { partition: 1 }, { reason: "syntax" }, { service: "rls-racer" }]) {
      assert.deepEqual(countsOf([none], [letter(null, parts)], "dead-letters"), only({ missing: 1, different: 1 }));
    }
  });

  it("tells the first five faults of a kind in words and counts the rest", () => {
    const expected = run([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const actual = [...run([9]), prediction(8, 99), prediction(8, 99)];
    const report = comparisonReport(compareRecords(expected, actual, () => {}));
    const name = '["s1","dataLinearModel","s1","rls1"]';
    assert.deepEqual(report.split("\n"), [
      "rls-predictions: missing 7, duplicate 1, reordered 1, different 1 (expected 9 records, got 3)",
      ...[1, 2, 3, 4, 5].map((i) => `  missing: ${name} i=${i}`),
      "  missing: and 2 more",
      `  duplicate: ${name} i=8 (2)`,
      `  reordered: ${name} i=9 came first`,
      `  different: ${name} i=8: yhat expected 4, got 99`,
    ]);
  });
});
