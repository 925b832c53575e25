import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { DeserializerStates } from "../../../services/deserializer/processor.js";
import { seriesCodec } from "../../../services/deserializer/series-codec.js";
import type { SeriesMetrics } from "../../../services/deserializer/series-metrics.js";
import { keepSeries } from "../../../services/deserializer/series-state.js";
import { deserializer } from "../../../services/deserializer/service.js";
import { readSettings, type Settings } from "../../../shared/config.js";
import { observationSchema } from "../../../shared/contract/schemas.js";
import { RecordError } from "../../../shared/errors.js";
import { packedValueOf } from "../../../shared/packed-value.js";
import type { PackedStateStore } from "../../../shared/service-definition.js";
import { type DriverStore, newDriverStore } from "../../driver/driver-store.js";
import { commitCounters, type ForwardedRecord, memoryContext } from "../../driver/task-context.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { textRecord } from "../../support/data/observations.js";
import { POISON } from "../../support/data/poison.js";

type DeserializerSettings = Settings<typeof deserializer.settings>;

/** What the deserializer is given of a store in memory. */
const accessTo = (store: DriverStore) => store.access(() => {}) as PackedStateStore;

/** The deserializer over a store in memory, with its default settings. */
function startTask() {
  const store = newDriverStore(seriesCodec, true);
  const forwarded: ForwardedRecord[] = [];
  const registry = new Registry();
  const settings = readSettings(deserializer.settings, {});
  const context = memoryContext<DeserializerSettings, DeserializerStates, SeriesMetrics>(
    settings,
    { series: accessTo(store) },
    deserializer.metrics(registry),
    forwarded,
  );
  let offset = 0;
  return {
    keys: () => [...store.keys()].sort(),
    bytes: (key: string) => store.bytes(key),
    forwarded,
    process(value: Buffer | string | null, key: Buffer | string | null = "s0", topic = "raw", partition = 2): void {
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      const keyBytes = typeof key === "string" ? Buffer.from(key) : key;
      deserializer.process(
        { topic, partition, offset, timestamp: 1_700_000_000_000, key: keyBytes, value: bytes },
        context,
      );
      offset += 1;
    },
    /** Gaps, repeats and steps back counted for a topic. */
    async counts(topic = "raw"): Promise<(number | undefined)[]> {
      commitCounters(registry);
      const names = ["regatta_series_gaps_total", "regatta_series_repeats_total", "regatta_series_steps_back_total"];
      return Promise.all(
        names.map(async (name) => {
          const metric = await registry.getSingleMetric(name)?.get();
          return metric?.values.find(({ labels }) => labels.topic === topic)?.value ?? 0;
        }),
      );
    },
  };
}

describe("deserializer", () => {
  it("forwards a raw record as the observation of its series, under the series' key", () => {
    const task = startTask();
    task.process("[3, -0.5, 1, 2e-7]", "wind north");
    const [{ topic, key, value }] = task.forwarded;
    assert.deepEqual({ topic, key }, { topic: "raw.observations", key: "wind north" });
    const expected = { topic: "raw", series: "wind north", i: 3, y: -0.5, x: [1, 2e-7] };
    assert.deepEqual(observationSchema.parse(JSON.parse(value)), expected);
  });

  it("forwards questions and labels, and holds no label without features against the series' number of features", () => {
    const task = startTask();
    for (const text of ["[3, null, 1, 2]", '{"i": 3, "y": 5}', '{"i": 4, "x": [3, 4]}']) task.process(text);
    const of = { topic: "raw", series: "s0" };
    assert.deepEqual(
      task.forwarded.map(({ value }): unknown => JSON.parse(value)),
      [
        { ...of, i: 3, y: null, x: [1, 2] },
        { ...of, i: 3, y: 5 },
        { ...of, i: 4, y: null, x: [3, 4] },
      ],
    );
    assert.throws(() => task.process("[5, null, 1]"), { reason: "features-changed" });
    assert.throws(() => task.process('{"i": 0, "y": 1}', "s1"), { reason: "no-features" });
    assert.deepEqual(task.keys(), ["raw/s0"]);
  });

  it("counts and tells a series that begins in another partition than Kafka's partitioner gives its key, once", async () => {
    const driver = new TopologyDriver(deserializer, {});
    const pipe = (partition: number, offset: number, key: string | null) =>
      driver.pipe(
        textRecord("dataLinearModel", `[${offset}, 1, 2]`, {
          partition,
          offset,
          key: key === null ? null : Buffer.from(key),
        }),
      );
    // Kafka's own murmur2 of "abc" is 479470107, of "foobar" -790332482, of "21" -973932308; the driver's inputs have four partitions.
    pipe(3, 0, "abc");
    pipe(2, 0, "foobar");
    pipe(1, 0, null);
    assert.deepEqual(driver.warnings, []);
    for (const offset of [2, 3]) pipe(1, offset, "21");
    assert.deepEqual(
      driver.warnings.map(({ topic, series, partition, expected }) => ({ topic, series, partition, expected })),
      [{ topic: "dataLinearModel", series: "21", partition: 1, expected: 0 }],
    );
    commitCounters(driver.registry);
    assert.match(await driver.registry.metrics(), /regatta_series_misplaced_total\{topic="dataLinearModel"\} 1\n/);
  });

  it("takes a record without a key for the series of its topic and partition, and an empty key for a key", () => {
    const task = startTask();
    task.process("[0, 1, 2]", null);
    task.process("[0, 1, 2]", "");
    assert.deepEqual(
      task.forwarded.map(({ key, value }) => [key, JSON.parse(value).series]),
      [
        ["raw/2", "raw/2"],
        ["", ""],
      ],
    );
  });

  it("takes any text in UTF-8 for a key and gives it back unchanged", () => {
    const task = startTask();
    for (const key of ["é", "風", "\ufeffmark", "a/b", '"\n', "__proto__", "\0"]) {
      task.process("[0, 1, 2]", key);
      assert.equal(task.forwarded.at(-1)?.key, key);
    }
  });

  it("refuses a key that is not UTF-8 or longer than 1,024 bytes, and remembers nothing of it", () => {
    const task = startTask();
    assert.throws(() => task.process("[0, 1, 2]", Buffer.from("ff", "hex")), { reason: "key-not-utf8" });
    assert.throws(() => task.process("[0, 1, 2]", "k".repeat(1025)), { reason: "key-too-long" });
    assert.deepEqual([task.forwarded, task.keys()], [[], []]);
    task.process("[0, 1, 2]", "k".repeat(1024));
    assert.equal(task.forwarded.length, 1);
  });

  it("refuses another number of features than the first observation had, after a restart too", () => {
    const task = startTask();
    task.process("[0, 1, 2, 3]");
    assert.throws(() => task.process("[1, 1, 2]"), {
      name: "RecordError",
      reason: "features-changed",
      message: "expected 2 features, as in the first observation of the series, got 1",
    });
    assert.throws(() => task.process("[1, 1, 2, 3, 4]"), { reason: "features-changed" });
    task.process("[1, 1, 2, 3]");
    assert.equal(task.forwarded.length, 2);
  });

  it("lets series of one topic, and one series of two topics, have their own number of features", () => {
    const task = startTask();
    task.process("[0, 1, 2]", "s0", "raw");
    task.process("[0, 1, 2, 3]", "s1", "raw");
    task.process("[0, 1, 2, 3, 4]", "s0", "other");
    assert.equal(task.forwarded.length, 3);
    assert.deepEqual(task.keys(), ["other/s0", "raw/s0", "raw/s1"]);
  });

  it("forwards gaps, repeats and steps back, and counts each by topic", async () => {
    const task = startTask();
    // From 5 on: next, gap, repeat, step back, gap, step back, step back; then another topic's series.
    for (const i of [5, 6, 9, 9, 4, 8, 0, -3]) task.process(`[${i}, 1, 2]`);
    for (const i of [-1, 0, 0]) task.process(`[${i}, 1, 2]`, "s0", "other");
    assert.equal(task.forwarded.length, 11);
    assert.deepEqual(await task.counts("raw"), [2, 1, 3]);
    assert.deepEqual(await task.counts("other"), [0, 1, 0]);
  });

  it("changes nothing when its result is refused, so that the record alone is rejected", async () => {
    const store = newDriverStore(seriesCodec, false);
    const series = accessTo(store);
    const registry = new Registry();
    const refused = new RecordError("result-too-large", "expected less, got more");
    const refuse = () => {
      throw refused;
    };
    const settings = readSettings(deserializer.settings, {});
    const whole = memoryContext<DeserializerSettings, DeserializerStates, SeriesMetrics>(
      settings,
      { series },
      deserializer.metrics(registry),
      [],
    );
    const context = { ...whole, forward: refuse, write: refuse };
    keepSeries(series, "raw/s0", undefined, { features: 1, lastI: 4 });
    const record = { topic: "raw", partition: 0, offset: 0, timestamp: 0, key: Buffer.from("s0") };
    for (const text of ["[9, 1, 2]", '{"i":9,"y":1,"x":[2]}'])
      assert.throws(() => deserializer.process({ ...record, value: Buffer.from(text) }, context), refused);
    assert.deepEqual(store.json("raw/s0"), { features: 1, lastI: 4 });
    commitCounters(registry);
    assert.doesNotMatch(await registry.metrics(), /gaps_total\{/);
  });

  it("refuses every poison, and neither remembers nor counts anything of it", async () => {
    const task = startTask();
    task.process("[0, 1, 2]");
    for (const { name, bytes, reason } of POISON) {
      assert.throws(
        () => task.process(bytes),
        (error) => error instanceof RecordError && error.reason === reason,
        name,
      );
    }
    task.process("[1, 1, 2]");
    assert.equal(task.forwarded.length, 2);
    assert.deepEqual(await task.counts(), [0, 0, 0]);
  });
});

describe("the bytes of a series", () => {
  const shown = (body: Buffer) => seriesCodec.toJson(packedValueOf(body));
  const bodyOf = (features: number, lastI: number) => {
    const body = Buffer.alloc(16);
    body.writeDoubleLE(features);
    body.writeDoubleLE(lastI, 8);
    return body;
  };

  it("are its features and its last i, as doubles", () => {
    const task = startTask();
    task.process("[-2, 1, 2, 3]");
    for (const lastI of [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      task.process(`[${lastI}, 1, 2, 3]`);
      assert.deepEqual(task.bytes("raw/s0"), bodyOf(2, lastI));
      assert.deepEqual(shown(bodyOf(2, lastI)), { features: 2, lastI });
    }
  });

  it("of formats 1 to 3 are read", () => {
    const older = Buffer.from("00000102fffffffffffffffe", "hex");
    for (const format of [1, 2, 3]) assert.deepEqual(seriesCodec.older?.[format](older), bodyOf(258, -2));
  });

  it("of format 4 are read as they are: only stored values were always whole", () => {
    const read = (kind: number) => seriesCodec.older?.[4](Buffer.concat([Buffer.of(kind, 0, 0), bodyOf(258, -2)]));
    assert.deepEqual(read(0), bodyOf(258, -2));
    for (const kind of [1, 2]) assert.throws(() => read(kind), RangeError);
  });

  it("are refused when they are no series", () => {
    for (const hex of ["", "0000000100000000000000", "00000001000000000000000000"])
      for (const format of [1, 2, 3])
        assert.throws(() => seriesCodec.older?.[format](Buffer.from(hex, "hex")), RangeError, `${hex} of ${format}`);
    const none = Buffer.from("000000000000000000000001", "hex");
    assert.throws(() => seriesCodec.older?.[1](none), RangeError, "no feature");
    assert.throws(() => seriesCodec.older?.[2](Buffer.from("000000010020000000000000", "hex")), RangeError, "i = 2^53");
    const wrong = [
      bodyOf(-1, 0),
      bodyOf(0.5, 0),
      bodyOf(Number.NaN, 0),
      bodyOf(2 ** 32, 0),
      bodyOf(1, 2 ** 53),
      bodyOf(1, 0.5),
    ];
    for (const body of [Buffer.alloc(0), bodyOf(1, 0).subarray(0, 15), ...wrong]) {
      assert.throws(() => seriesCodec.check(body), RangeError, body.toString("hex"));
      const format4 = Buffer.concat([Buffer.alloc(3), body]);
      assert.throws(() => seriesCodec.older?.[4](format4), RangeError, body.toString("hex"));
    }
  });
});

describe("deserializer settings", () => {
  it("read the notebook's two topics by default", () => {
    const settings = readSettings(deserializer.settings, {});
    assert.deepEqual(deserializer.inputs(settings), ["dataLinearModel", "dataNonLinearModel"]);
    assert.deepEqual(
      deserializer.outputs(settings).map(({ name }) => name),
      ["dataLinearModel.observations", "dataNonLinearModel.observations"],
    );
  });

  it("refuse a topic whose observations topic Kafka would refuse for its length", () => {
    const longest = "t".repeat(249 - ".observations".length);
    assert.deepEqual(readSettings(deserializer.settings, { INPUT_TOPICS: longest }).inputTopics, [longest]);
    assert.throws(() => readSettings(deserializer.settings, { INPUT_TOPICS: `${longest}t` }), /INPUT_TOPICS=.*236/);
  });
});
