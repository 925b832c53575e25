import assert from "node:assert/strict";
import { type Counter, counterCodec } from "../../../services/producer/counters.js";
import { randomKey, recordText } from "../../../services/producer/generator.js";
import { type GeneratorSettings, generatorSource } from "../../../services/producer/generator-source.js";
import { type ForwardedRecord, type MemoryStore, memoryContext, memoryStore } from "../../driver/task-context.js";

const base: GeneratorSettings = {
  topics: [
    { name: "linear", target: "linear" },
    { name: "other", target: "nonlinear" },
  ],
  series: 4,
  features: 2,
  rate: 1000,
  seed: 3,
  records: 0,
};

/** A task of the generator over a store, with its own clock. */
function startTask(
  settings: GeneratorSettings,
  counters: MemoryStore<Counter>,
  forwarded: ForwardedRecord[],
  partition = 0,
  partitions = 1,
) {
  const source = generatorSource(partition, partitions, memoryContext(settings, { counters }, undefined, forwarded));
  let nowMs = 0;
  source.generate(nowMs, 1);
  return {
    /** Lets a second pass, then asks for at most `limit` records. */
    generate(limit: number): number {
      nowMs += 1000;
      return source.generate(nowMs, limit);
    },
    at: (ms: number, limit = Number.POSITIVE_INFINITY) => source.generate(ms, limit),
  };
}

const name = ({ topic, key, value }: ForwardedRecord): string => `${topic}/${key}@${JSON.parse(value)[0]}`;

describe("producer source", () => {
  it("goes round its series and topics, one record each, with i from 0", () => {
    const forwarded: ForwardedRecord[] = [];
    startTask({ ...base, series: 2 }, memoryStore(counterCodec), forwarded).generate(6);
    assert.deepEqual(forwarded.map(name), [
      "linear/s0@0",
      "other/s0@0",
      "linear/s1@0",
      "other/s1@0",
      "linear/s0@1",
      "other/s0@1",
    ]);
  });

  it("forwards for each series the records that seed, topic, series and i decide", () => {
    const forwarded: ForwardedRecord[] = [];
    startTask(base, memoryStore(counterCodec), forwarded).generate(80);
    for (const [topic, target] of [
      ["linear", "linear"],
      ["other", "nonlinear"],
    ] as const) {
      for (const series of ["s0", "s1", "s2", "s3"]) {
        const texts = forwarded.filter((record) => record.topic === topic && record.key === series);
        const key = randomKey(3, topic, series);
        const expected = Array.from({ length: 10 }, (_, i) => recordText(key, target, i, new Float64Array(3)));
        assert.deepEqual(
          texts.map(({ value }) => value),
          expected,
        );
      }
    }
  });

  it("gives every series to exactly one of the tasks: series k to task k mod partitions", () => {
    const seriesOf = (partition: number): string[] => {
      const forwarded: ForwardedRecord[] = [];
      startTask({ ...base, series: 5 }, memoryStore(counterCodec), forwarded, partition, 3).generate(20);
      return [...new Set(forwarded.map(({ key }) => key))].sort();
    };
    assert.deepEqual([seriesOf(0), seriesOf(1), seriesOf(2)], [["s0", "s3"], ["s1", "s4"], ["s2"]]);
  });

  it("generates nothing in a task without a series", () => {
    const forwarded: ForwardedRecord[] = [];
    const counters = memoryStore(counterCodec);
    assert.equal(startTask(base, counters, forwarded, 4, 6).generate(10), 0);
    assert.deepEqual([forwarded, counters.keys()], [[], []]);
  });

  it("goes on after a restart with the record and the series that come next", () => {
    const undisturbed: ForwardedRecord[] = [];
    startTask(base, memoryStore(counterCodec), undisturbed).generate(40);
    const forwarded: ForwardedRecord[] = [];
    const counters = memoryStore(counterCodec);
    for (const limit of [1, 12, 3, 7, 17]) {
      startTask(base, counters, forwarded).generate(limit);
      counters.commit();
    }
    assert.deepEqual(forwarded, undisturbed);
  });

  it("repeats after an abort exactly the records that were taken back", () => {
    const undisturbed: ForwardedRecord[] = [];
    startTask(base, memoryStore(counterCodec), undisturbed).generate(23);
    const counters = memoryStore(counterCodec);
    const forwarded: ForwardedRecord[] = [];
    const task = startTask(base, counters, forwarded);
    task.generate(10);
    counters.commit();
    task.generate(9);
    counters.abort();
    forwarded.length = 10;
    task.generate(13);
    assert.deepEqual(forwarded, undisturbed);
  });

  it("reaches the last series even when every restart comes after a few records", () => {
    const counters = memoryStore(counterCodec);
    const forwarded: ForwardedRecord[] = [];
    for (let restart = 0; restart < 20; restart++) {
      startTask({ ...base, series: 30 }, counters, forwarded).generate(3);
      counters.commit();
    }
    assert.equal(new Set(forwarded.map(({ topic, key }) => `${topic}/${key}`)).size, 60);
  });

  it("ends each series after its records, and asks the store no more than once for each of them from then on", () => {
    const forwarded: ForwardedRecord[] = [];
    const counters = memoryStore(counterCodec);
    const task = startTask({ ...base, records: 3 }, counters, forwarded);
    assert.equal(task.generate(1000), 24);
    counters.commit();
    const reads = counters.reads;
    assert.deepEqual([task.generate(1000), task.generate(1000)], [0, 0]);
    assert.ok(counters.reads - reads <= 2 * 9, `${counters.reads - reads} reads`);
    assert.equal(forwarded.filter((record) => name(record).endsWith("@2")).length, 8);
    assert.ok(!forwarded.some((record) => name(record).endsWith("@3")));
  });

  it("goes on when an abort takes back the records after which all series had ended", () => {
    const forwarded: ForwardedRecord[] = [];
    const counters = memoryStore(counterCodec);
    const task = startTask({ ...base, records: 3 }, counters, forwarded);
    const generated = [task.generate(1000), task.generate(1000)];
    counters.abort();
    assert.deepEqual([...generated, task.generate(1000)], [24, 0, 24]);
    assert.deepEqual(forwarded.slice(24), forwarded.slice(0, 24));
  });

  it("goes on with the series that are added when those of before have ended", () => {
    const counters = memoryStore(counterCodec);
    startTask({ ...base, series: 2, records: 3 }, counters, []).generate(1000);
    counters.commit();
    const forwarded: ForwardedRecord[] = [];
    const task = startTask({ ...base, series: 3, records: 3 }, counters, forwarded);
    for (let call = 0; call < 10; call++) task.generate(5);
    assert.deepEqual(forwarded.map(name), [
      "linear/s2@0",
      "other/s2@0",
      "linear/s2@1",
      "other/s2@1",
      "linear/s2@2",
      "other/s2@2",
    ]);
  });

  it("asks the store a fixed number of times for each record, however many series there are", () => {
    const counters = memoryStore(counterCodec);
    const task = startTask({ ...base, series: 1_000_000, rate: 1_000_000 }, counters, []);
    task.generate(500);
    assert.ok(counters.reads <= 501, `${counters.reads} reads`);
    assert.equal(counters.keys().length, 501);
  });

  it("shares the rate of each topic among the tasks by their series", () => {
    const perSecond = (partition: number): number => {
      const task = startTask({ ...base, series: 3, rate: 30 }, memoryStore(counterCodec), [], partition, 2);
      let count = 0;
      for (let ms = 10; ms <= 10_000; ms += 10) count += task.at(ms);
      return count / 10;
    };
    // Two topics of 30 records a second are 60; task 0 has two of the three series.
    assert.deepEqual([perSecond(0), perSecond(1)], [40, 20]);
  });

  it("forwards no more than one second's worth after a pause, and no more than the limit at once", () => {
    const task = startTask({ ...base, rate: 50 }, memoryStore(counterCodec), []);
    assert.equal(task.at(60_000), 100);
    assert.equal(task.at(60_010), 1);
    assert.equal(task.at(61_010, 7), 7);
    assert.equal(task.at(61_010), 93);
  });
});

describe("counter codec", () => {
  it("writes 8 bytes, big-endian, and reads them back", () => {
    assert.equal(counterCodec.encode({ next: 0x0001020304050607 }).toString("hex"), "0001020304050607");
    for (const next of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      assert.deepEqual(counterCodec.decode(counterCodec.encode({ next })), { next });
    }
  });

  it("refuses bytes that are no counter", () => {
    assert.throws(() => counterCodec.decode(Buffer.alloc(7)), RangeError);
    assert.throws(() => counterCodec.decode(Buffer.alloc(9)), RangeError);
    assert.throws(() => counterCodec.decode(Buffer.from("0020000000000000", "hex")), RangeError);
  });
});
