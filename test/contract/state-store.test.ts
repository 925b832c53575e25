import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BufferedStore } from "../../shared/kernel/store/buffered-store.js";
import { LevelDbStore } from "../../shared/kernel/store/leveldb-store.js";
import { StateMemory } from "../../shared/kernel/store/state-memory.js";
import type { Codec, StateStore } from "../../shared/service-definition.js";
import { driverStore } from "../driver/driver-store.js";
import { EMPTY_MANIFEST } from "../support/data/empty-manifest.js";

interface Sum {
  total: number;
}

const codec: Codec<Sum> = {
  format: 1,
  encode({ total }) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(total);
    return bytes;
  },
  bytes: () => 100,
  decode: (bytes) => ({ total: bytes.readDoubleLE() }),
  toJson: ({ total }) => ({ total }),
};

interface Subject {
  readonly store: StateStore<Sum>;
  /** Whatever stands for "the next commit has happened". */
  commit(): Promise<void>;
  close(): Promise<void>;
}

async function realStore(cacheBytes: number): Promise<Subject> {
  const directory = mkdtempSync(join(tmpdir(), "regatta-store-"));
  const db = await LevelDbStore.open(directory);
  const store = new BufferedStore<Sum>("sums", codec, db, new StateMemory(cacheBytes, 0));
  return {
    store,
    async commit() {
      await db.write(store.seal(), EMPTY_MANIFEST);
      store.committed();
    },
    async close() {
      await db.close();
      rmSync(directory, { recursive: true });
    },
  };
}

const fake = (roundTrip: boolean): Subject => ({
  store: driverStore(codec, roundTrip),
  commit: async () => {},
  close: async () => {},
});

const subjects: readonly [string, () => Promise<Subject>][] = [
  ["LevelDB behind buffer and cache", () => realStore(100_000)],
  ["LevelDB behind the buffer alone", () => realStore(0)],
  ["LevelDB behind a cache of one value", () => realStore(500)],
  ["the topology driver's live values", async () => fake(false)],
  ["the topology driver's encoded values", async () => fake(true)],
];

describe("the memory that a state store takes", () => {
  const directory = mkdtempSync(join(tmpdir(), "regatta-store-"));
  let db: LevelDbStore;
  before(async () => {
    db = await LevelDbStore.open(directory);
  });
  after(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });

  it("counts a key that is changed again once, moves to the cache with the commit, and is gone with what is forgotten", async () => {
    const memory = new StateMemory(1000, 1000);
    const stores = ["a", "b"].map((name) => new BufferedStore<Sum>(name, codec, db, memory));
    for (const store of stores) for (let k = 0; k < 3; k++) store.put("t/s", { total: k });
    const both = memory.changedBytes;
    assert.ok(both >= 200 && both < 1000, `${both}`);
    for (const store of stores) {
      store.seal();
      assert.equal(memory.changedBytes + memory.cachedBytes, both);
      store.committed();
    }
    assert.deepEqual([memory.changedBytes, memory.cachedBytes], [0, both]);
    stores[0].put("t/s", { total: 1 });
    stores[0].delete("t/s");
    assert.deepEqual([memory.changedBytes > 0, memory.cachedBytes], [true, both / 2]);
    for (const store of stores) store.discard();
    assert.deepEqual([memory.changedBytes, memory.cachedBytes], [0, 0]);
  });
});

for (const [name, open] of subjects) {
  describe(`a state store: ${name}`, () => {
    let subject: Subject;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    it("has no value for a key that was never put", () => {
      assert.equal(subject.store.get("t/s"), undefined);
    });

    it("gives back what was put, before and after a commit", async () => {
      subject.store.put("t/s", { total: 1.5 });
      assert.deepEqual(subject.store.get("t/s"), { total: 1.5 });
      await subject.commit();
      assert.deepEqual(subject.store.get("t/s"), { total: 1.5 });
    });

    it("keeps a value that was changed in place and put again", async () => {
      subject.store.put("t/s", { total: 1 });
      await subject.commit();
      const value = subject.store.get("t/s");
      assert.ok(value);
      value.total = 2;
      subject.store.put("t/s", value);
      await subject.commit();
      subject.store.put("t/other", { total: 9 });
      await subject.commit();
      assert.deepEqual(subject.store.get("t/s"), { total: 2 });
    });

    it("has no value for a key that was deleted, before and after a commit", async () => {
      subject.store.put("t/s", { total: 1 });
      await subject.commit();
      subject.store.delete("t/s");
      assert.equal(subject.store.get("t/s"), undefined);
      await subject.commit();
      assert.equal(subject.store.get("t/s"), undefined);
    });

    it("takes 0, -0 and keys with odd characters for what they are", async () => {
      subject.store.put("t/", { total: 0 });
      subject.store.put("t/ä/b c\u0000", { total: -0 });
      await subject.commit();
      assert.equal(subject.store.get("t/")?.total, 0);
      assert.ok(Object.is(subject.store.get("t/ä/b c\u0000")?.total, -0));
    });

    it("finds long keys of characters outside ASCII", async () => {
      const names = ["", "x", "xy"].flatMap((before) => ["é", "€", "😀"].map((one) => `t/${before}${one.repeat(200)}`));
      subject.store.put("t/short", { total: 0 });
      for (const [n, name] of names.entries()) subject.store.put(name, { total: n });
      await subject.commit();
      for (const [n, name] of names.entries()) {
        assert.equal(subject.store.get("t/short")?.total, 0);
        assert.equal(subject.store.get(name)?.total, n);
      }
    });

    it("refuses half of a surrogate pair, which no bytes stand for", () => {
      for (const name of ["t/\ud800", "t/\udc00a"]) {
        for (const use of [
          () => subject.store.get(name),
          () => subject.store.put(name, { total: 1 }),
          () => subject.store.delete(name),
        ])
          assert.throws(use, { name: "RecordError", reason: "key-not-unicode" });
      }
    });

    it("keeps keys apart that are alike up to a NUL", async () => {
      const names = ["t/", "t/\0", "t/\0\0", "t/a", "t/a\0", "t/a\0b"];
      for (const [n, name] of names.entries()) subject.store.put(name, { total: n });
      await subject.commit();
      for (const [n, name] of names.entries()) assert.equal(subject.store.get(name)?.total, n);
    });

    it("keeps keys apart", async () => {
      for (let i = 0; i < 50; i++) subject.store.put(`t/${i}`, { total: i });
      await subject.commit();
      for (let i = 0; i < 50; i++) assert.equal(subject.store.get(`t/${i}`)?.total, i);
    });
  });
}
