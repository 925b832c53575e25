import assert from "node:assert/strict";
import { seriesCodec } from "../../../services/deserializer/series-codec.js";
import { deserializer } from "../../../services/deserializer/service.js";
import { readSettings } from "../../../shared/config.js";
import { observationSchema } from "../../../shared/contract/schemas.js";
import { ConfigurationError } from "../../../shared/errors.js";
import { commitCounters } from "../../driver/task-context.js";
import { TopologyDriver } from "../../driver/topology-driver.js";

const TIMESTAMP_MS = 1_700_000_000_000;

function start(environment: Record<string, string>) {
  const driver = new TopologyDriver(deserializer, { INPUT_TOPICS: "raw,plain", ...environment }, { roundTrip: true });
  let offset = 0;
  return {
    driver,
    pipe(text: string, topic = "raw", key: string | null = "s") {
      const record = { topic, partition: 0, offset: offset++, timestamp: TIMESTAMP_MS };
      const bytes = key === null ? null : Buffer.from(key);
      let { outputs, deadLetters } = driver.pipe({ ...record, key: bytes, value: Buffer.from(text) });
      const [brought] = outputs;
      if (brought?.topic === `regatta-deserializer-${topic}-by-series`) {
        const { topic: bySeries, key: series, value, timestamp } = brought;
        ({ outputs, deadLetters } = driver.pipe({
          ...record,
          topic: bySeries,
          timestamp,
          key: Buffer.from(series),
          value,
        }));
      }
      const [output] = outputs;
      const [letter] = deadLetters;
      if (output === undefined) return letter === undefined ? "nothing" : `${letter.reason}: ${letter.message}`;
      const { series, i, y, x } = observationSchema.parse(JSON.parse(output.value.toString()));
      return { series, i, y, x, timestamp: output.timestamp };
    },
    async counted(): Promise<string[]> {
      // The kernel commits what a record that is dead-lettered counted, too.
      commitCounters(driver.registry);
      const text = await driver.registry.metrics();
      return text.split("\n").filter((line) => line.startsWith("regatta_input_fields_total"));
    },
  };
}

const fields = { INPUT_FORMAT: "raw:fields", INPUT_TARGET: "price", INPUT_FEATURES: "a,deep.b,list.1" };
const csv = { INPUT_FORMAT: "raw:csv", INPUT_COLUMNS: "shop,price,a,b", INPUT_TARGET: "price", INPUT_SERIES: "shop" };

function faultsOf(environment: Record<string, string>): string {
  const read = () => readSettings(deserializer.settings, environment, (some) => deserializer.check?.(some) ?? []);
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "";
}

describe("formats of raw records", () => {
  it("reads named fields of a JSON object by their paths, whatever else is there, beside a topic of the usual form", () => {
    const { pipe } = start(fields);
    assert.deepEqual(
      pipe('{"list": [7, -0.5, {"a": 9}], "price": 2.5e0, "deep": {"b": 4, "a": 8}, "a": 3, "more": [[], {}, "}"]}'),
      { series: "s", i: 0, y: 2.5, x: [3, 4, -0.5], timestamp: TIMESTAMP_MS },
    );
    assert.deepEqual(pipe("[5, 1, 2]", "plain"), { series: "s", i: 5, y: 1, x: [2], timestamp: TIMESTAMP_MS });
  });

  it("counts the records of each series, without those that are refused", () => {
    const { pipe } = start({ ...fields, INPUT_FEATURES: "a", INPUT_SERIES: "id" });
    const counters = ["1", "2", "1", "x", "1"].map((id) => {
      const result = pipe(`{"id": ${id === "x" ? 1 : id}, "price": 1, "a": ${id === "x" ? "[]" : 1}}`);
      return typeof result === "string" ? result : result.i;
    });
    assert.deepEqual(counters, [
      0,
      0,
      1,
      "nesting: expected a number in the field a, got an object, a list or null",
      2,
    ]);
  });

  it("names series by the text of the field, which no double holds, and by several without two meeting", () => {
    const { pipe } = start({ ...fields, INPUT_FEATURES: "a", INPUT_SERIES: "id,part" });
    const series = (id: string, part: string) => {
      const result = pipe(`{"id": ${id}, "part": ${part}, "price": 1, "a": 1}`);
      return typeof result === "string" ? result : result.series;
    };
    assert.equal(series("9007199254740993", '"x"'), "9007199254740993/x");
    assert.equal(series("9007199254740992", '"x"'), "9007199254740992/x");
    assert.equal(series('"a/b"', '"c"'), "a%2Fb/c");
    assert.equal(series('"a"', '"b/c"'), "a/b%2Fc");
    assert.equal(
      series('"\\ud800"', '"c"'),
      "key-not-utf8: expected whole characters in the field id, part, got half of one",
    );
  });

  it("brings records to the partition of their series as they are, and remembers a series only there", () => {
    const environment = {
      INPUT_TOPICS: "raw,plain",
      ...fields,
      INPUT_FEATURES: "a",
      INPUT_SERIES: "id",
      INPUT_TIME: "at",
    };
    const driver = new TopologyDriver(deserializer, environment, { roundTrip: true });
    const pipe = (topic: string, key: string, text: string) => {
      const record = { topic, partition: 1, offset: 7, timestamp: TIMESTAMP_MS };
      return driver.pipe({ ...record, key: Buffer.from(key), value: Buffer.from(text) });
    };
    const text = '{"id": "n", "at": "2024-05-01", "price": 2, "a": 3}';
    const [brought] = pipe("raw", "any", text).outputs;
    const bySeries = { topic: "regatta-deserializer-raw-by-series", key: "n", timestamp: TIMESTAMP_MS };
    assert.deepEqual(brought, { ...bySeries, value: Buffer.from(text) });
    assert.deepEqual(driver.keys("series"), []);
    const [output] = pipe(brought.topic, brought.key, text).outputs;
    assert.deepEqual([output.topic, output.key, output.timestamp], ["raw.observations", "n", Date.UTC(2024, 4, 1)]);
    assert.deepEqual(JSON.parse(output.value.toString()), { topic: "raw", series: "n", i: 0, y: 2, x: [3] });
    assert.deepEqual(driver.keys("series"), ["raw/n"]);
    // The key is what the series was when the record was brought, whatever the field of today is.
    const renamed = driver.restarted({ ...environment, INPUT_SERIES: "price" });
    const record = { topic: bySeries.topic, partition: 1, offset: 8, timestamp: 1, key: Buffer.from("n") };
    const [later] = renamed.pipe({ ...record, value: Buffer.from(text) }).outputs;
    assert.deepEqual([later.key, JSON.parse(later.value.toString()).i], ["n", 1]);
    assert.equal(pipe("raw", "any", '{"id": "n", "at": "x", "price": 2, "a": 3}').deadLetters[0]?.reason, "not-a-time");
    const off = new TopologyDriver(deserializer, { ...environment, INPUT_REPARTITION: "off" });
    assert.equal(off.pipe({ ...record, topic: "raw", value: Buffer.from(text) }).outputs[0].topic, "raw.observations");
  });

  it("takes the record's time from a field", () => {
    const times: readonly (readonly [string, string, number | string])[] = [
      // Expected values are those of GNU date.
      ["iso", '"2024-02-29T12:30:15.250+02:00"', 1_709_202_615_250],
      ["iso", '"2024-02-29 12:30:15,250Z"', 1_709_209_815_250],
      ["iso", '"2024-02-29"', 1_709_164_800_000],
      ["iso", '"2023-02-29"', "not-a-time"],
      ["iso", '"2024-02-29T24:00"', "not-a-time"],
      ["s", "1709209815", 1_709_209_815_000],
      ["s", '"1709209815.25"', 1_709_209_815_250],
      ["ms", "1709209815250", 1_709_209_815_250],
      ["us", "1709209815250999", 1_709_209_815_250],
      ["ms", "-1", "not-a-time"],
      ["ms", "true", "not-a-time"],
    ];
    for (const [unit, text, expected] of times) {
      const { pipe } = start({ ...fields, INPUT_FEATURES: "a", INPUT_TIME: "at", INPUT_TIME_UNIT: unit });
      const result = pipe(`{"at": ${text}, "price": 1, "a": 1}`);
      assert.equal(typeof result === "string" ? result.split(":")[0] : result.timestamp, expected, `${unit} ${text}`);
    }
  });

  it("takes numbers in quotes and booleans by their rules, and counts by field and reason what it refuses", async () => {
    const strict = start({ ...fields, INPUT_FEATURES: "a" });
    assert.match(
      String(strict.pipe('{"price": "1.5", "a": 1}')),
      /^number-as-text: expected a number in the field price, /,
    );
    assert.match(String(strict.pipe('{"price": 1, "a": true}')), /^boolean: expected a number in the field a, /);
    assert.match(String(strict.pipe('{"price": 1, "a": null}')), /^missing-value: expected a number in the field a, /);
    assert.match(String(strict.pipe('{"price": 1e999, "a": 1}')), /^not-finite: .* field price, /);
    assert.deepEqual(await strict.counted(), [
      'regatta_input_fields_total{topic="raw",field="price",reason="number-as-text"} 1',
      'regatta_input_fields_total{topic="raw",field="a",reason="boolean"} 1',
      'regatta_input_fields_total{topic="raw",field="a",reason="missing-value"} 1',
      'regatta_input_fields_total{topic="raw",field="price",reason="not-finite"} 1',
    ]);
    const free = start({ ...fields, INPUT_FEATURES: "a,b", INPUT_NUMBERS: "comma", INPUT_BOOLEANS: "number" });
    assert.deepEqual(free.pipe('{"price": "-1,5e3", "a": true, "b": false}'), {
      series: "s",
      i: 0,
      y: -1500,
      x: [1, 0],
      timestamp: TIMESTAMP_MS,
    });
    assert.match(String(free.pipe('{"price": "1.5", "a": 1, "b": 1}')), /^not-a-number: /);
  });

  it("passes over records with missing features where that is the rule", async () => {
    const { pipe, counted } = start({ ...fields, INPUT_FEATURES: "a,b", INPUT_MISSING: "skip" });
    assert.equal(pipe('{"price": 1, "a": 1, "b": null}'), "nothing");
    const result = pipe('{"price": 1, "a": 1, "b": 2}');
    assert.equal(typeof result === "string" ? result : result.i, 0);
    assert.deepEqual(await counted(), ['regatta_input_fields_total{topic="raw",field="b",reason="skipped"} 1']);
  });

  it("takes the last value of a feature where it is missing, and keeps records until each feature has had one", async () => {
    const { driver, pipe, counted } = start({ ...fields, INPUT_FEATURES: "a,b", INPUT_MISSING: "last" });
    const x = (text: string) => {
      const result = pipe(text);
      return typeof result === "string" ? result : [result.i, result.y, result.x];
    };
    assert.equal(x('{"price": 1, "a": 1}'), "nothing");
    assert.equal(x('{"price": 2, "a": 2, "b": null}'), "nothing");
    assert.deepEqual(x('{"price": 3, "b": 30}'), [2, 3, [2, 30]]);
    assert.deepEqual(x('{"price": 4, "a": 4, "b": 40}'), [3, 4, [4, 40]]);
    assert.deepEqual(x('{"price": 5}'), [4, 5, [4, 40]]);
    assert.deepEqual(x('{"a": 6}'), [5, null, [6, 40]]);
    assert.match(String(x('{"price": 7, "a": true}')), /^boolean: /);
    assert.deepEqual(x('{"price": 8, "b": 80}'), [6, 8, [6, 80]]);
    assert.deepEqual(await counted(), [
      'regatta_input_fields_total{topic="raw",field="b",reason="no-value-yet"} 2',
      'regatta_input_fields_total{topic="raw",field="a",reason="filled"} 3',
      'regatta_input_fields_total{topic="raw",field="b",reason="filled"} 2',
      'regatta_input_fields_total{topic="raw",field="a",reason="boolean"} 1',
    ]);
    assert.match(await driver.registry.metrics(), /regatta_warming_up_total\{topic="raw"\} 2\n/);
    assert.deepEqual(driver.json("series", "raw/s"), { features: 2, lastI: 6, last: [6, 80] });
  });

  it("fills by the series, and goes on where another process does", () => {
    const settings = { ...csv, INPUT_MISSING: "last", INPUT_REPARTITION: "off" };
    const { driver, pipe } = start(settings);
    pipe("north,1,2,3");
    pipe("south,1,20,30");
    const again = driver.restarted({ INPUT_TOPICS: "raw,plain", ...settings });
    const x = (line: string) => {
      const record = { topic: "raw", partition: 0, offset: 9, timestamp: 1, key: null, value: Buffer.from(line) };
      return again.pipe(record).outputs.map(({ value }) => JSON.parse(value.toString()).x);
    };
    assert.deepEqual(x("south,2,,31"), [[20, 31]]);
    assert.deepEqual(x("north,2,NA,-"), [[2, 3]]);
    assert.deepEqual(x("south,3,,"), [[20, 31]]);
    // Values that were read under another rule are not the last ones any more.
    const skipping = again.restarted({ INPUT_TOPICS: "raw,plain", ...settings, INPUT_MISSING: "skip" });
    skipping.pipe({
      topic: "raw",
      partition: 0,
      offset: 10,
      timestamp: 1,
      key: null,
      value: Buffer.from("south,4,5,6"),
    });
    assert.deepEqual(skipping.json("series", "raw/south"), { features: 2, lastI: 3 });
  });

  it("keeps last values in bytes that stay readable: the format by hand", () => {
    const { driver, pipe } = start({ ...fields, INPUT_FEATURES: "a,b", INPUT_MISSING: "last" });
    pipe('{"price": 1, "a": 0.5, "b": null}');
    const bytes = driver.bytes("series", "raw/s");
    const half = "000000000000e03f";
    const last = `${"0200"}${half}000000000000f87f`;
    assert.equal(bytes.toString("hex"), `${"0000000000000040"}${"0000000000000000"}${last}`);
    assert.deepEqual(seriesCodec.older?.[3](Buffer.from(`${"00000002"}${"0000000000000000"}${last}`, "hex")), bytes);
    assert.deepEqual(driver.json("series", "raw/s"), { features: 2, lastI: 0, last: [0.5, null] });
    for (let length = 17; length < bytes.length; length++)
      assert.throws(() => seriesCodec.check(bytes.subarray(0, length)), RangeError, `${length} bytes`);
    assert.throws(() => seriesCodec.check(Buffer.concat([bytes, Buffer.alloc(1)])), RangeError);
    const changed = (from: string, to: string) => Buffer.from(bytes.toString("hex").replace(from, to), "hex");
    assert.throws(() => seriesCodec.check(changed(half, "000000000000f07f")), /infinite/);
    assert.throws(() => seriesCodec.check(changed(`0200${half}`, `0400${half}`)), /1 to 3/);
  });

  it("fills before lags are made: they are of the values that raced", () => {
    const { pipe } = start({
      ...fields,
      INPUT_FEATURES: "a",
      INPUT_MISSING: "last",
      LAGS_OF: "1:1",
      INPUT_COUNTER: "id",
    });
    const x = (text: string) => {
      const result = pipe(text);
      return typeof result === "string" ? result : [result.i, result.y, result.x];
    };
    assert.equal(x('{"id": 1, "price": 1, "a": null}'), "nothing");
    assert.equal(x('{"id": 2, "price": 1, "a": 10}'), "nothing");
    assert.deepEqual(x('{"id": 3, "price": null, "a": null}'), [3, null, [10, 10]]);
    assert.deepEqual(x('{"id": 4, "price": 4, "a": 40}'), [4, 4, [40, 10]]);
    // A label of a question, with none of its features: nothing is filled.
    assert.deepEqual(x('{"id": 3, "price": 3}'), [3, 3, undefined]);
    assert.deepEqual(x('{"id": 5, "price": 5, "a": null}'), [5, 5, [40, 40]]);
  });

  it("takes a record without a target for a question, and one without features for its label", () => {
    const { pipe } = start({ ...fields, INPUT_FEATURES: "a", INPUT_COUNTER: "id" });
    const at = { series: "s", timestamp: TIMESTAMP_MS };
    assert.match(String(pipe('{"id": 1, "price": 3}')), /^no-features: /);
    assert.deepEqual(pipe('{"id": 1, "price": null, "a": 2}'), { ...at, i: 1, y: null, x: [2] });
    assert.deepEqual(pipe('{"id": "2", "a": 2}'), { ...at, i: 2, y: null, x: [2] });
    assert.deepEqual(pipe('{"id": 1, "price": 3}'), { ...at, i: 1, y: 3, x: undefined });
    assert.match(String(pipe('{"price": 3, "a": 2}')), /^missing-value: expected a value in the field id, got none/);
    assert.match(String(pipe('{"id": 9007199254740993, "price": 3, "a": 2}')), /^not-an-integer: .* field id, /);
  });

  it("refuses members that come twice, wherever they are, and what is no JSON object", () => {
    const { pipe } = start({ ...fields, INPUT_FEATURES: "a" });
    assert.match(String(pipe('{"price": 1, "a": 1, "price": 2}')), /^wrong-members: /);
    assert.match(String(pipe('{"price": 1, "a": 1, "o": [{"z": 1, "\\u007a": 2}]}')), /^wrong-members: /);
    assert.match(String(pipe("[1, 2, 3]")), /^not-an-observation: /);
    assert.match(String(pipe('{"price": NaN, "a": 1}')), /^not-an-observation: /);
    assert.match(String(pipe(`{"price": 1, "a": 1, "o": ${"[".repeat(200)}${"]".repeat(200)}}`)), /^nesting: /);
    assert.match(String(pipe(" ")), /^empty: /);
  });

  it("reads lines of CSV by their columns", () => {
    const { pipe } = start(csv);
    const shop = (line: string) => {
      const result = pipe(line);
      return typeof result === "string" ? result.split(" in ")[0] : [result.series, result.y, result.x];
    };
    assert.deepEqual(shop('"north, ""old""",.5,+1,007\r\n'), ['north, "old"', 0.5, [1, 7]]);
    assert.deepEqual(shop("south, 5. ,-.5,1e-3"), ["south", 5, [-0.5, 0.001]]);
    assert.deepEqual(shop("south,NA,1,2"), ["south", null, [1, 2]]);
    assert.deepEqual(shop("south,1,,"), ["south", 1, undefined]);
    assert.equal(shop("south,1,2"), "arity: expected 4 cells as INPUT_COLUMNS has names, got 3");
    assert.equal(shop('south,1,"2",1_000'), "not-a-number: expected a number");
    assert.match(String(shop('south,1,"2,3')), /^not-an-observation: /);
    assert.match(String(shop("south,1,2,3\nsouth,1,2,3")), /^not-an-observation: expected one line of CSV, got 2/);
    const comma = start({ ...csv, INPUT_SEPARATOR: "semicolon", INPUT_NUMBERS: "comma" });
    const result = comma.pipe("north;1,5;2;-,5");
    assert.deepEqual(typeof result === "string" ? result : [result.y, result.x], [1.5, [2, -0.5]]);
  });

  it("passes over and counts a line that says the names of the columns, where it is no observation", async () => {
    const { pipe, counted } = start(csv);
    for (const line of ["shop,price,a,b", '\ufeff"shop", price ,a,b\r\n']) assert.equal(pipe(line), "nothing");
    assert.match(String(pipe("shop,price,a,c")), /^not-a-number: .* field price, /);
    assert.deepEqual(await counted(), [
      'regatta_input_fields_total{topic="raw",field="price",reason="header"} 2',
      'regatta_input_fields_total{topic="raw",field="price",reason="not-a-number"} 1',
    ]);
    const numbered = start({ INPUT_FORMAT: "raw:csv", INPUT_COLUMNS: "0,1,2", INPUT_TARGET: "0" });
    const result = numbered.pipe("0,1,2");
    assert.deepEqual(typeof result === "string" ? result : [result.y, result.x], [0, [1, 2]]);
  });

  it("takes null for a feature that is missing in lists and in objects with i, y and x, by the same rule", async () => {
    const skipping = start({ INPUT_MISSING: "skip" });
    assert.equal(skipping.pipe("[0, 1, null, 2]"), "nothing");
    assert.deepEqual(await skipping.counted(), [
      'regatta_input_fields_total{topic="raw",field="x1",reason="skipped"} 1',
    ]);
    const filling = start({ INPUT_MISSING: "raw:last" });
    const x = (text: string, topic = "raw") => {
      const result = filling.pipe(text, topic);
      return typeof result === "string" ? result.split(":")[0] : result.x;
    };
    assert.deepEqual(x("[0, 1, 10, 20]"), [10, 20]);
    assert.deepEqual(x("[1, 1, null, 21]"), [10, 21]);
    assert.deepEqual(x('{"i": 2, "y": 1, "x": [12, null]}'), [12, 21]);
    assert.deepEqual(x("[3, null, 13, null]"), [13, 21]);
    assert.equal(x("[0, 1, null, 2]", "plain"), "not-a-number");
    assert.deepEqual(await filling.counted(), [
      'regatta_input_fields_total{topic="raw",field="x1",reason="filled"} 1',
      'regatta_input_fields_total{topic="raw",field="x2",reason="filled"} 2',
    ]);
  });

  it("makes lags and the calendar of named fields, of none too", () => {
    const { pipe } = start({ ...fields, INPUT_FEATURES: "", INPUT_TIME: "at", LAGS: "2", CALENDAR: "hour" });
    const results = ["00", "06", "12", "18"].map((hour, n) => {
      const result = pipe(`{"at": "2024-05-01T${hour}:00", "price": ${10 * (n + 1)}}`);
      return typeof result === "string" ? result : { i: result.i, y: result.y, x: result.x?.map((x) => Math.round(x)) };
    });
    // The hour is an angle: at noon its sine is 0 and its cosine -1, at six in the evening -1 and 0.
    const [first, second, third, fourth] = results;
    assert.deepEqual([first, second], ["nothing", "nothing"]);
    assert.deepEqual(third, { i: 2, y: 30, x: [20, 10, 0, -1] });
    assert.deepEqual(fourth, { i: 3, y: 40, x: [30, 20, -1, -0] });
  });

  it("tells all faults of its settings at once", () => {
    const faults = faultsOf({
      INPUT_TOPICS: "raw,other",
      INPUT_FORMAT: "raw:fields,other:csv",
      INPUT_COLUMNS: "other:a,b",
      INPUT_TARGET: "a",
      INPUT_SERIES: "other:shop",
      INPUT_TIME: "stray:at",
    });
    assert.match(faults, /INPUT_TIME names stray, which is not in INPUT_TOPICS/);
    assert.match(faults, /INPUT_FEATURES has no field for raw, whose INPUT_FORMAT is fields/);
    assert.match(faults, /INPUT_COLUMNS of other lacks the column shop/);
    assert.match(
      faultsOf({ INPUT_FORMAT: "xml", INPUT_MISSING: "guess" }),
      /INPUT_FORMAT=xml: .*INPUT_MISSING=guess: /s,
    );
    assert.equal(faultsOf({}), "");
  });
});
