import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LevelDbStore } from "../../shared/kernel/store/leveldb-store.js";
import { PackedStore } from "../../shared/kernel/store/packed-store.js";
import { StateMemory } from "../../shared/kernel/store/state-memory.js";
import type { PackedCodec, PackedStateStore } from "../../shared/service-definition.js";
import { newDriverStore } from "../driver/driver-store.js";
import { EMPTY_MANIFEST } from "../support/data/empty-manifest.js";

const codec: PackedCodec = {
  packed: true,
  format: 1,
  check(body) {
    if (body.length === 0 || body.length % 8 !== 0) throw new RangeError(`expected doubles, got ${body.length} bytes`);
  },
  toJson: ({ doubles, at }) => doubles[at],
};

interface Subject {
  /** What a service is given for one record. */
  store(): PackedStateStore;
  /** Whatever stands for "the next commit has happened". */
  commit(): Promise<void>;
  close(): Promise<void>;
}

async function realStore(cacheBytes: number): Promise<Subject> {
  const directory = mkdtempSync(join(tmpdir(), "regatta-packed-"));
  const db = await LevelDbStore.open(directory);
  const store = new PackedStore("sums", codec, db, new StateMemory(cacheBytes, 0));
  return {
    store: () => store,
    async commit() {
      store.seal();
      store.committed();
      store.beginPass();
      await db.write(store.takeUnsaved(Number.POSITIVE_INFINITY), EMPTY_MANIFEST);
      store.landed();
    },
    async close() {
      await db.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function fake(roundTrip: boolean): Subject {
  const store = newDriverStore(codec, roundTrip);
  return {
    store: () => store.access(() => {}) as PackedStateStore,
    commit: async () => {},
    close: async () => {},
  };
}

const subjects: readonly [string, () => Promise<Subject>][] = [
  ["in memory, with LevelDB behind", () => realStore(1_000_000)],
  ["in LevelDB, but for the latest", () => realStore(0)],
  ["of the topology driver", async () => fake(false)],
  ["of the topology driver, moved from record to record", async () => fake(true)],
];

for (const [name, open] of subjects) {
  describe(`packed values ${name}`, () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    const set = (key: string, ...numbers: readonly number[]): void => {
      const value = subject.store().create(key, 8 * numbers.length);
      value.doubles.set(numbers, value.at);
    };
    const get = (key: string): number[] | undefined => {
      const value = subject.store().get(key);
      return value && [...value.doubles.subarray(value.at, value.at + value.length / 8)];
    };

    it("are none for a key that was never created", () => {
      assert.equal(get("t/s"), undefined);
    });

    it("are created as zeros, on a double, whatever lay there before", async () => {
      set("t/a", 1, 2, 3);
      subject.store().delete("t/a");
      await subject.commit();
      const value = subject.store().create("t/b", 20);
      assert.equal(value.length, 20);
      assert.ok(Number.isInteger(value.at));
      assert.equal(value.bytes.length, 8 * value.doubles.length);
      const body = value.bytes.subarray(8 * value.at, 8 * value.at + 20);
      assert.ok(body.every((byte) => byte === 0));
      value.doubles[value.at] = 1.5;
      assert.equal(body.readDoubleLE(), 1.5);
    });

    it("keep what was written, before and after a commit, and after another change in place", async () => {
      set("t/s", 1, -0);
      assert.deepEqual(get("t/s"), [1, -0]);
      await subject.commit();
      assert.deepEqual(get("t/s"), [1, -0]);
      const store = subject.store();
      const value = store.get("t/s");
      assert.ok(value);
      store.touch(value);
      value.doubles[value.at] = 2;
      for (let k = 0; k < 200; k++) {
        set(`t/${k}`, k);
        await subject.commit();
      }
      assert.deepEqual(get("t/s"), [2, -0]);
      for (let k = 0; k < 200; k++) assert.deepEqual(get(`t/${k}`), [k]);
    });

    it("take another length when they are created again", async () => {
      set("t/s", 1, 2);
      await subject.commit();
      set("t/s", 3, 4, 5, 6);
      assert.deepEqual(get("t/s"), [3, 4, 5, 6]);
      await subject.commit();
      assert.deepEqual(get("t/s"), [3, 4, 5, 6]);
    });

    it("are gone when they were deleted, before and after a commit", async () => {
      set("t/s", 1);
      await subject.commit();
      subject.store().delete("t/s");
      assert.equal(get("t/s"), undefined);
      await subject.commit();
      assert.equal(get("t/s"), undefined);
    });

    it("refuse a key that no bytes stand for", () => {
      const store = subject.store();
      for (const use of [
        () => store.get("t/\ud800"),
        () => store.create("t/\ud800", 8),
        () => store.delete("t/\ud800"),
      ])
        assert.throws(use, { name: "RecordError", reason: "key-not-unicode" });
    });

    it("refuse a change of what is not the store's value", () => {
      const doubles = new Float64Array(1);
      const stranger = { bytes: Buffer.from(doubles.buffer), doubles, at: 0, length: 8 };
      assert.throws(() => subject.store().touch(stranger), /expected a value/);
    });
  });
}
