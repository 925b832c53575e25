import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BufferedStore } from "../../../../shared/kernel/store/buffered-store.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import type { Codec } from "../../../../shared/service-definition.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";

interface Sum {
  total: number;
}

const codec: Codec<Sum> = {
  format: 1,
  encode: ({ total }) => Buffer.of(total),
  bytes: () => 100,
  decode: (bytes) => ({ total: bytes[0] }),
  toJson: ({ total }) => ({ total }),
};

for (const cacheBytes of [0, 10_000]) {
  describe(`a store whose commit is under way, with ${cacheBytes} bytes of cache`, () => {
    let directory: string;
    let db: LevelDbStore;
    let memory: StateMemory;
    let store: BufferedStore<Sum>;

    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), "regatta-store-"));
      db = await LevelDbStore.open(directory);
      memory = new StateMemory(cacheBytes, 10_000);
      store = new BufferedStore("sums", codec, db, memory);
      for (const key of ["t/changed", "t/deleted", "t/left"]) store.put(key, { total: 1 });
    });
    afterEach(async () => {
      await db.close();
      rmSync(directory, { recursive: true });
    });

    /** Changes a value in place, as services do. */
    function change(key: string, total: number): void {
      const value = store.get(key);
      assert.ok(value);
      value.total = total;
      store.put(key, value);
    }

    async function commit(): Promise<void> {
      await db.write(store.seal(), EMPTY_MANIFEST);
      store.committed();
    }

    it("writes what was sealed, and goes on from it", async () => {
      const sealed = store.seal();
      change("t/changed", 2);
      store.delete("t/deleted");
      store.put("t/new", { total: 3 });
      assert.deepEqual(
        sealed.map(({ key, value }) => [key, value?.at(-1)]),
        [
          ["t/changed", 1],
          ["t/deleted", 1],
          ["t/left", 1],
        ],
      );
      assert.deepEqual([store.get("t/changed"), store.get("t/left")], [{ total: 2 }, { total: 1 }]);
      assert.equal(store.get("t/deleted"), undefined);
      await db.write(sealed, EMPTY_MANIFEST);
      store.committed();
      for (const commits of [0, 1]) {
        if (commits === 1) await commit();
        assert.deepEqual([store.get("t/changed"), store.get("t/new")], [{ total: 2 }, { total: 3 }], `${commits}`);
        assert.equal(store.get("t/deleted"), undefined, `${commits}`);
      }
      assert.deepEqual(store.inspect("t/changed"), { total: 2 });
    });

    it("deletes what was deleted before it, and writes what was put since", async () => {
      await commit();
      store.delete("t/deleted");
      const sealed = store.seal();
      assert.equal(store.get("t/deleted"), undefined);
      store.put("t/deleted", { total: 9 });
      await db.write(sealed, EMPTY_MANIFEST);
      store.committed();
      assert.deepEqual(store.get("t/deleted"), { total: 9 });
      assert.equal(store.inspect("t/deleted"), undefined);
      await commit();
      assert.deepEqual(store.inspect("t/deleted"), { total: 9 });
    });

    it("is back at the last commit where it fails, whatever was changed in place since", async () => {
      await commit();
      change("t/changed", 2);
      store.seal();
      change("t/changed", 3);
      change("t/left", 4);
      store.delete("t/deleted");
      store.discard();
      for (const key of ["t/changed", "t/deleted", "t/left"]) assert.deepEqual(store.get(key), { total: 1 });
      assert.deepEqual(store.seal(), []);
      assert.equal(memory.changedBytes, 0);
    });
  });
}
