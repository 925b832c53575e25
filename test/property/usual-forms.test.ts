/**
 * Records of the usual form are read and written without text. Whatever comes, results, dead letters, state, counters and warnings
 * are those of the way that any record can go.
 */
import assert from "node:assert/strict";
import { deserializeAny } from "../../services/deserializer/processor.js";
import { deserializer } from "../../services/deserializer/service.js";
import { processAnyObservation } from "../../services/stateful-estimator/processor.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import type { InputRecord } from "../../shared/service-definition.js";
import { type DriverOutput, type DriverResult, TopologyDriver } from "../driver/topology-driver.js";
import { doubleKinds } from "../support/data/doubles.js";
import { seededRandom } from "../support/seed.js";

const COUNT = Number(process.env.REGATTA_TEST_RECORDS ?? 4000);
const KEYS = ["s0", "s1", "s2", "s 3", "s/4", "", "é", 'a"b', "\n", "x".repeat(1024), "y".repeat(1025), "�", "0/1"];
const ODD = [
  "",
  "[]",
  "[1]",
  "[1,2]",
  "[1,2,x]",
  "{}",
  "[1,2,3]]",
  "[1,2,1e999]",
  " [1,2,3]",
  "[1,2,NaN]",
  "[1.5,2,3,4]",
];

/** As a deep comparison says, in less time. */
function areEqual(some: readonly DriverOutput[], others: readonly DriverOutput[]): boolean {
  if (some.length === 0 || some.length !== others.length) return false;
  return some.every(({ topic, key, value, timestamp }, k) => {
    const other = others[k];
    return topic === other.topic && key === other.key && timestamp === other.timestamp && value.equals(other.value);
  });
}

describe("records of the usual form", () => {
  const { seed, random } = seededRandom();
  const kinds = Object.values(doubleKinds(random));
  const below = (count: number) => Math.floor(random() * count);
  const number = () => kinds[below(kinds.length)]();
  const features = new Map<string, number>();

  function rawRecord(offset: number): InputRecord {
    const key = random() < 0.03 ? null : Buffer.from(KEYS[random() < 0.9 ? below(5) : below(KEYS.length)]);
    const name = String(key);
    const n = features.get(name) ?? 1 + below(5);
    features.set(name, n);
    const count = random() < 0.02 ? n + 1 : n;
    const i = random() < 0.9 ? offset : below(9) - 4;
    const numbers = [random() < 0.02 ? "-0" : String(i), ...Array.from({ length: count + 1 }, () => String(number()))];
    const comma = random() < 0.8 ? ", " : [",", " , ", ",  "][below(3)];
    const kind = random();
    const object = `{"i":${numbers[0]},"y":${numbers[1]},"x":[${numbers.slice(2).join(comma)}]}`;
    const list = `[${numbers.join(comma)}]${kind < 0.82 ? "" : "\r\n"}`;
    const text = kind < 0.85 ? list : kind < 0.92 ? object : ODD[below(ODD.length)];
    const value = kind > 0.99 ? null : Buffer.from(kind > 0.98 ? list.slice(0, below(list.length)) : text);
    const topic = random() < 0.9 ? "dataLinearModel" : "dataNonLinearModel";
    return { topic, partition: below(4), offset, timestamp: 1_700_000_000_000 + offset, key, value };
  }

  function same(one: TopologyDriver, other: TopologyDriver, record: InputRecord): DriverResult {
    const [got, expected] = [one.pipe(record), other.pipe(record)];
    if (!areEqual(got.outputs, expected.outputs) || got.deadLetters.length > 0) assert.deepEqual(got, expected);
    return got;
  }

  async function sameInTheEnd(one: TopologyDriver, other: TopologyDriver, stores: readonly string[]): Promise<void> {
    assert.deepEqual(one.warnings, other.warnings);
    assert.equal(await one.registry.metrics(), await other.registry.metrics());
    for (const store of stores) {
      assert.deepEqual(one.keys(store as never), other.keys(store as never));
      for (const key of one.keys(store as never))
        assert.deepEqual(one.bytes(store as never, key), other.bytes(store as never, key));
    }
  }

  it(`become what they become in any other form: ${COUNT} raw records and observations, seed ${seed}`, async function () {
    this.timeout(600_000);
    const raw = new TopologyDriver(deserializer) as unknown as TopologyDriver;
    const rawAny = new TopologyDriver({
      ...deserializer,
      process: deserializeAny,
    } as typeof deserializer) as unknown as TopologyDriver;
    const estimator = new TopologyDriver(statefulEstimator) as unknown as TopologyDriver;
    const anyEstimator = new TopologyDriver({
      ...statefulEstimator,
      process: processAnyObservation,
    }) as unknown as TopologyDriver;
    let observed = 0;
    for (let offset = 0; offset < COUNT; offset++) {
      const record = rawRecord(offset);
      for (const { topic, key, value, timestamp } of same(raw, rawAny, record).outputs) {
        observed++;
        const cut = random() < 0.02 ? value.subarray(0, below(value.length)) : value;
        const observation = {
          topic,
          partition: record.partition,
          offset,
          timestamp,
          key: Buffer.from(key),
          value: cut,
        };
        same(estimator, anyEstimator, observation);
      }
    }
    assert.ok(observed > COUNT / 2);
    await sameInTheEnd(raw, rawAny, ["series"]);
    await sameInTheEnd(estimator, anyEstimator, ["series", "matrix"]);
  });
});
