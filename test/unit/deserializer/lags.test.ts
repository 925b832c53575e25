import assert from "node:assert/strict";
import { calendarFeatures } from "../../../services/deserializer/calendar.js";
import { lagFaults, topicLags } from "../../../services/deserializer/lag-settings.js";
import { seriesCodec } from "../../../services/deserializer/series-codec.js";
import { deserializer } from "../../../services/deserializer/service.js";
import { readSettings } from "../../../shared/config.js";
import { RecordError } from "../../../shared/errors.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { textRecord } from "../../support/data/observations.js";

const RAW = "dataLinearModel";
/** Thursday, 29 February 2024, 18:30 UTC. */
const LEAP_DAY = Date.UTC(2024, 1, 29, 18, 30);

/** A deserializer with these settings, and what it makes of the texts of one series. */
function startTask(environment: Record<string, string>) {
  const driver = new TopologyDriver(deserializer, environment, { roundTrip: true });
  let offset = 0;
  const pipe = (text: string, timestamp = LEAP_DAY) =>
    driver.pipe(textRecord(RAW, text, { key: Buffer.from("s"), offset: offset++, timestamp }));
  return {
    driver,
    pipe,
    /** i, y and x of each observation. */
    observed: (...texts: string[]): unknown[] =>
      texts.flatMap((text) =>
        pipe(text).outputs.map(({ value }) => {
          const { i, y, x } = JSON.parse(value.toString());
          return [i, y, x];
        }),
      ),
    reason: (text: string, timestamp?: number) => pipe(text, timestamp).deadLetters[0]?.reason,
  };
}

const warmingUp = async (driver: { registry: TopologyDriver["registry"] }) =>
  (await driver.registry.getSingleMetric("regatta_warming_up_total")?.get())?.values[0]?.value;

describe("lags", () => {
  it("make features of the last values of y, the newest first, from the first record on that has enough before it", async () => {
    const task = startTask({ LAGS: "2" });
    assert.deepEqual(task.observed("[5, 10]", "[6, 20]", "[7, 30]", "[8, 40]"), [
      [7, 30, [20, 10]],
      [8, 40, [30, 20]],
    ]);
    assert.equal(await warmingUp(task.driver), 2);
    assert.deepEqual(task.driver.json("series", `${RAW}/s`), {
      features: 0,
      lastI: 8,
      lags: { hasRaced: true, y: [40, 30], features: {} },
    });
  });

  it("count i from 0 on where a record is a number alone", () => {
    const task = startTask({ LAGS: "1" });
    assert.deepEqual(task.observed("1.5", "-2e3", "7"), [
      [1, -2000, [1.5]],
      [2, 7, [-2000]],
    ]);
  });

  it("refuse a number alone where the i before it is the greatest, and change nothing", () => {
    const task = startTask({ LAGS: "1" });
    task.pipe(`[${Number.MAX_SAFE_INTEGER}, 1]`);
    const before = task.driver.bytes("series", `${RAW}/s`);
    assert.equal(task.reason("2"), "not-an-integer");
    assert.deepEqual(task.driver.bytes("series", `${RAW}/s`), before);
  });

  it("stand after the record's own features: of y, then of features in the order of LAGS_OF, then the calendar", () => {
    const task = startTask({ LAGS: "1", LAGS_OF: "2:2,1:1", CALENDAR: "weekday,hour" });
    const [[i, y, x]] = task.observed("[0, 1, 10, 100]", "[1, 2, 20, 200]", "[2, 3, 30, 300]") as [
      number,
      number,
      number[],
    ][];
    assert.deepEqual([i, y, x.slice(0, 6)], [2, 3, [30, 300, 2, 200, 100, 20]]);
    // Thursday is day 3 of 7; 18 h is three quarters of the day. Sines and cosines by Python's math.
    const expected = [0.43388373911755823, -0.900968867902419, -1, 0];
    assert.equal(x.length, 10);
    for (const [k, value] of expected.entries()) assert.ok(Math.abs(x[6 + k] - value) < 1e-15, `${x[6 + k]}`);
  });

  it("of a question are of the y known when it comes; its label changes later lags only", () => {
    const task = startTask({ LAGS: "2" });
    assert.deepEqual(
      task.observed("[0, 1]", "[1, 2]", "[2, null]", "[3, null]", "[4, 5]", "[2, 3]", "[5, null]", "[3, 4]", "[6, 7]"),
      [
        [2, null, [2, 1]],
        [3, null, [2, 1]],
        [4, 5, [2, 1]],
        [2, 3, [5, 2]],
        [5, null, [3, 5]],
        [3, 4, [3, 5]],
        [6, 7, [4, 3]],
      ],
    );
  });

  it("hold a record that comes twice once, and a corrected y in the place of the first; both go on without features", () => {
    const task = startTask({ LAGS: "2" });
    assert.deepEqual(task.observed("[0, 1]", "[1, 2]", "[2, 3]", "[2, 3]", "[1, 9]", "[3, null]"), [
      [2, 3, [2, 1]],
      [2, 3, undefined],
      [1, 9, undefined],
      [3, null, [3, 9]],
    ]);
  });

  it("of a feature are those of the question, whatever its label says; a label may be without features", () => {
    const task = startTask({ LAGS_OF: "1:1" });
    assert.deepEqual(task.observed("[0, 1, 10]", "[1, null, 20]", "[1, 5, 21]", '{"i": 0, "y": 4}', "[2, 3, 30]"), [
      [1, null, [20, 10]],
      [1, 5, [21, 20]],
      [0, 4, undefined],
      [2, 3, [30, 20]],
    ]);
  });

  it("are begun by no record without features where a series has some of its own", () => {
    const task = startTask({ LAGS: "1" });
    assert.deepEqual(task.observed("[0, 1, 10]", '{"i": 1, "y": 2}', "[2, 3, 30]"), [[2, 3, [30, 2]]]);
    assert.equal(task.reason("[3, 4, 5, 6]"), "features-changed");
  });

  it("go on with the values at hand where LAGS rises or falls, and begin anew after records that were read without lags", () => {
    const task = startTask({ LAGS: "2" });
    task.observed("[0, 1]", "[1, 2]", "[2, 3]");
    const resumed = (environment: Record<string, string>, from = task.driver) => {
      const driver = from.restarted(environment);
      const pipe = (text: string) => driver.pipe(textRecord(RAW, text, { key: Buffer.from("s") }));
      const x = (text: string) => pipe(text).outputs.map(({ value }) => JSON.parse(value.toString()).x);
      return { driver, x };
    };
    assert.deepEqual(resumed({ LAGS: "1" }).x("[3, 4]"), [[3]]);
    const risen = resumed({ LAGS: "3" });
    assert.deepEqual(risen.x("[3, 4]"), [undefined]);
    assert.deepEqual(risen.x("[4, 5]"), [[4, 3, 2]]);
    const without = resumed({});
    assert.deepEqual(without.x('{"i": 3, "y": 4}'), [undefined]);
    const again = resumed({ LAGS: "1" }, without.driver);
    assert.deepEqual(again.x("[4, null]"), []);
    assert.deepEqual(again.driver.json("series", `${RAW}/s`), {
      features: 0,
      lastI: 4,
      lags: { hasRaced: false, y: [], features: {} },
    });
  });

  it("leave a record to dead-letters that lacks a feature of LAGS_OF, or the time of CALENDAR, and change nothing", () => {
    const lacking = startTask({ LAGS_OF: "3:1" });
    for (const text of ["[0, 1, 2, 3]", "[0, 1]", "5"]) assert.equal(lacking.reason(text), "arity");
    assert.deepEqual(lacking.driver.keys("series"), []);
    const timeless = startTask({ CALENDAR: "month" });
    for (const timestamp of [-1, 8.64e15 + 1]) assert.equal(timeless.reason("[0, 1]", timestamp), "no-time");
    assert.deepEqual(timeless.driver.keys("series"), []);
    assert.equal(timeless.observed("[0, 1]").length, 1);
  });

  it("are made by topic: of one as many as it asks for, of another none", () => {
    const { driver } = startTask({ INPUT_TOPICS: `${RAW},other`, LAGS: `${RAW}:2`, CALENDAR: "other:hour" });
    const x = (topic: string, text: string) =>
      driver
        .pipe({ ...textRecord(RAW, text, { key: Buffer.from("s"), timestamp: LEAP_DAY }), topic })
        .outputs.map(({ value }) => JSON.parse(value.toString()).x);
    assert.deepEqual(x(RAW, "[0, 1]"), []);
    assert.deepEqual(x("other", "[0, 1, 7]"), [[7, -1, -1.8369701987210297e-16]]);
    assert.deepEqual(x(RAW, "[1, 2]"), []);
    assert.deepEqual(x(RAW, "[2, 3]"), [[2, 1]]);
  });

  it("leave room for themselves in FEATURES_MAX", () => {
    const task = startTask({ LAGS: "2", FEATURES_MAX: "3" });
    assert.equal(task.reason("[0, 1, 2, 3]"), "arity");
    assert.deepEqual(task.observed("[0, 1, 7]", "[1, 2, 8]", "[2, 3, 9]"), [[2, 3, [9, 2, 1]]]);
  });

  it("are kept in bytes that stay readable: the format by hand", () => {
    const task = startTask({ LAGS: "2", LAGS_OF: "1:1" });
    task.observed("[4, 0.5, -2]");
    const of = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value);
      return bytes.toString("hex");
    };
    const order = of(1) + of(4);
    const lags = `0000${"0100"}${"01000000"}${of(4)}${of(0.5)}${"01000000"}${"01000000"}${of(4)}${of(-2)}`;
    const whole = Buffer.from(`${order}0100${lags}`, "hex");
    assert.deepEqual(task.driver.bytes("series", `${RAW}/s`), whole);
    const older = "000000010000000000000004";
    assert.deepEqual(seriesCodec.older?.[2](Buffer.from(older + lags, "hex")), whole);
    assert.deepEqual(seriesCodec.older?.[3](Buffer.from(`${older}0100${lags}`, "hex")), whole);
    for (let length = 17; length < whole.length; length++)
      assert.throws(() => seriesCodec.check(whole.subarray(0, length)), RangeError, `${length} bytes`);
    assert.throws(() => seriesCodec.check(Buffer.concat([whole, Buffer.alloc(1)])), RangeError);
    assert.throws(() => seriesCodec.check(Buffer.from(`${order}01000200${lags.slice(4)}`, "hex")), /0 or 1/);
    const broken = lags.replace(of(4), of(4.5));
    assert.throws(() => seriesCodec.check(Buffer.from(`${order}0100${broken}`, "hex")), /safe integer/);
  });
});

describe("the calendar", () => {
  it("says hour, weekday and month in UTC, each as a point on a circle", () => {
    const near = (got: number[], expected: number[]) =>
      assert.ok(
        got.length === expected.length && got.every((value, k) => Math.abs(value - expected[k]) < 1e-15),
        `${got}`,
      );
    // 1 January 1970 was a Thursday.
    near(calendarFeatures(0, ["hour", "month"]), [0, 1, 0, 1]);
    near(calendarFeatures(4 * 86_400_000, ["weekday"]), [0, 1]);
    near(calendarFeatures(LEAP_DAY, ["hour"]), [-1, 0]);
    near(
      calendarFeatures(Date.UTC(2023, 6, 31, 23, 59, 59, 999), ["month", "hour"]),
      [0, -1, -0.25881904510252074, 0.9659258262890683],
    );
    near(calendarFeatures(-86_400_000, ["weekday"]), [0.9749279121818236, -0.2225209339563144]);
    assert.deepEqual(calendarFeatures(-1, []), []);
    assert.throws(() => calendarFeatures(-1, ["hour"]), RecordError);
  });
});

describe("settings of lags", () => {
  const read = (environment: Record<string, string>, topic = RAW) =>
    topicLags(
      readSettings(deserializer.settings, environment, (settings) => lagFaults(settings)),
      topic,
    );

  it("are nothing by default", () => {
    assert.deepEqual(read({}), { lags: 0, lagsOf: [], calendar: [], added: 0 });
  });

  it("name features with their counts, and parts of the calendar, each once", () => {
    const { lagsOf, calendar, added } = read({ LAGS_OF: "1:3, 12:1", CALENDAR: "month, hour" });
    assert.deepEqual(lagsOf, [
      { feature: 1, count: 3 },
      { feature: 12, count: 1 },
    ]);
    assert.deepEqual(calendar, ["month", "hour"]);
    assert.equal(added, 3 + 1 + 2 * 2);
    for (const text of ["1", "0:1", "1:0", "1:1001", "a:1", "1:2,1:3", "1:2,", "1:-2"])
      assert.throws(() => read({ LAGS_OF: text }), /LAGS_OF=.*different features/, text);
    for (const text of ["day", "hour,hour", "hour,", "toString"])
      assert.throws(() => read({ CALENDAR: text }), /CALENDAR=.*hour, weekday, month/, text);
    for (const text of ["-1", "1001", "x"]) assert.throws(() => read({ LAGS: text }), /LAGS=/, text);
  });

  it("hold by topic, also where its name is a number, beside a value for the others", () => {
    const environment = {
      INPUT_TOPICS: "a,b,1",
      LAGS: "a:10,3",
      LAGS_OF: "b:1:3,2:1;1:4:5",
      CALENDAR: "hour;b:weekday,month",
    };
    assert.deepEqual(read(environment, "a"), { lags: 10, lagsOf: [], calendar: ["hour"], added: 12 });
    assert.deepEqual(read(environment, "b"), {
      lags: 3,
      lagsOf: [
        { feature: 1, count: 3 },
        { feature: 2, count: 1 },
      ],
      calendar: ["weekday", "month"],
      added: 11,
    });
    assert.deepEqual(read(environment, "1").lagsOf, [{ feature: 4, count: 5 }]);
    assert.throws(
      () => read({ ...environment, LAGS: "c:1", CALENDAR: "d:hour" }),
      /LAGS names c, .*CALENDAR names d, which is not in INPUT_TOPICS/s,
    );
  });

  it("may not make more features than an observation may have, nor keep more than a changelog record holds", () => {
    assert.throws(
      () => read({ LAGS: `${RAW}:9`, CALENDAR: "hour", FEATURES_MAX: "10" }),
      /make 11 features for dataLinearModel, more than FEATURES_MAX/,
    );
    const many = Array.from({ length: 11 }, (_, k) => `${k + 1}:1000`).join(",");
    assert.throws(
      () => read({ LAGS_OF: many, FEATURES_MAX: "100000" }),
      /make 11000 features for dataLinearModel: at most 10000/,
    );
    assert.equal(read({ LAGS: "10", FEATURES_MAX: "10" }).lags, 10);
  });
});
