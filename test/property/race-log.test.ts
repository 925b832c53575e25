import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type RaceStores, raceFor } from "../../services/rls-racer/configured-race.js";
import { modelList } from "../../services/rls-racer/model-list.js";
import { TIME } from "../../services/rls-racer/packed-race.js";
import { raceStep } from "../../services/rls-racer/race.js";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { raceSteps } from "../../services/rls-racer/race-steps.js";
import { keyOfStep } from "../../shared/contract/record-key.js";
import { LevelDbStore } from "../../shared/kernel/store/leveldb-store.js";
import { PackedStore } from "../../shared/kernel/store/packed-store.js";
import { StateMemory } from "../../shared/kernel/store/state-memory.js";
import { streams } from "../support/data/race-arbitraries.js";
import { raceConfiguration } from "../support/data/race-configuration.js";
import { holds } from "../support/property.js";

const KEY = "dataLinearModel/s1";
const MODELS = modelList.parse("rls1:1,rls2:0.99");
const ALL_KINDS = modelList.parse("rls1:1,last:lag=3,rls2:0.99,mean,holt,sgd");
const MIB = 1024 * 1024;

interface Row {
  readonly y: number;
  readonly x: readonly number[];
}

interface Logged {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** A number of records that are processed together, then committed or aborted. */
const works = fc.array(fc.record({ records: fc.integer({ min: 1, max: 6 }), aborted: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
});

const closedPlaces = fc.constantFrom(0, 1, 3, 16);

describe("the changelog of a race", () => {
  let directory: string;
  let db: LevelDbStore;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-race-log-"));
    db = await LevelDbStore.open(directory);
  });
  afterEach(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });

  /** Of the one folder, in which nothing is saved. */
  const newStore = () => new PackedStore("race", raceCodec, db, new StateMemory(MIB, MIB));

  function raced(store: PackedStore, { y, x }: Row, i: number, labelDoneMax = 16, models = MODELS): void {
    const { race } = raceFor(statesOf(store), KEY, raceConfiguration(models, labelDoneMax), i, x.length);
    // The largest time so far: some records come late.
    race.doubles[race.at + TIME] = Math.max(race.doubles[race.at + TIME], 1000 * i - 5000 * (i % 3));
    raceStep(race, Float64Array.of(i, y, ...x));
  }

  function commit(store: PackedStore): Logged[] {
    const log = store.seal().map(({ key, value }) => ({ key, value: value && Buffer.from(value) }));
    store.committed();
    return log;
  }

  /** Of plain records alone, which ask nothing of the ledger. */
  const statesOf = (race: PackedStore) => ({ race }) as unknown as RaceStores;

  /** As Kafka compacts the records before `end`: the newest of each key stays, where it is. */
  function compacted(log: readonly Logged[], end: number): Logged[] {
    const last = new Map(log.slice(0, end).map(({ key }, at) => [key, at]));
    return log.filter(({ key }, at) => at >= end || last.get(key) === at);
  }

  it("gives the same bits back, whatever was committed, aborted and compacted", () => {
    holds(
      fc.property(streams(120), works, fc.nat(), closedPlaces, ({ rows }, works, compactedTo, labelDoneMax) => {
        const store = newStore();
        const log: Logged[] = [];
        let i = 0;
        for (const { records, aborted } of works) {
          const worked = rows.slice(i, i + records);
          for (const [k, row] of worked.entries()) raced(store, row, i + k, labelDoneMax, ALL_KINDS);
          if (aborted) {
            store.discard();
          } else {
            log.push(...commit(store));
            i += worked.length;
          }
        }
        const restored = newStore();
        for (const { key, value } of compacted(log, compactedTo % (log.length + 1))) restored.applyLogged(key, value);
        restored.endRestore();
        assert.deepEqual(restored.stored(KEY), store.stored(KEY));
      }),
    );
  });

  it("is mostly rows where commits are small", () => {
    const store = newStore();
    const log: Logged[] = [];
    for (let i = 0; i < 111; i++) {
      raced(store, { y: 3 * i, x: [i, 1] }, i);
      log.push(...commit(store));
    }
    const steps = log.filter(({ key }) => keyOfStep(key) !== undefined);
    // The first record decides the order, so its value is whole; ten rows follow each whole value.
    assert.deepEqual([log.length, steps.length], [111, 100]);
    // 8 bytes of head, the number of the step, the time, i, y, x1, x2.
    assert.deepEqual(new Set(steps.map(({ value }) => value?.length)), new Set([8 + 6 * 8]));
  });

  it("is refused where a row does not follow what was restored, or is none of the race", () => {
    const store = newStore();
    for (let i = 0; i < 3; i++) raced(store, { y: i, x: [i] }, i);
    const race = store.get(KEY);
    assert.ok(race !== undefined);
    const next = raceSteps.count(race);
    const row = (...numbers: readonly number[]) => Buffer.from(Float64Array.from(numbers).buffer);
    const before = Buffer.from(race.bytes.subarray(8 * race.at, 8 * race.at + race.length));
    assert.throws(() => raceSteps.apply(race, row(next + 1, 0, 3, 1, 1)), {
      name: "RangeError",
      message: /expected step/,
    });
    assert.throws(() => raceSteps.apply(race, row(next, 0, 3, 1)), { name: "RangeError", message: /40 bytes, got 32/ });
    assert.equal(raceSteps.apply(race, row(next - 1, 0, 3, 1, 1)), false);
    assert.deepEqual(race.bytes.subarray(8 * race.at, 8 * race.at + race.length), before);
    assert.throws(() => raceSteps.apply(race, row(next, 0, 3, Number.MAX_VALUE, 1)), /to be of a plain observation/);
  });
});
