import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { keyBytes } from "../../shared/contract/record-key.js";
import { RecordError } from "../../shared/errors.js";
import { BufferedStore } from "../../shared/kernel/store/buffered-store.js";
import { LevelDbStore } from "../../shared/kernel/store/leveldb-store.js";
import { StateMemory } from "../../shared/kernel/store/state-memory.js";
import { OBJECT_BYTES } from "../../shared/state/state-bytes.js";
import { EMPTY_MANIFEST } from "../support/data/empty-manifest.js";
import { arbitraryName } from "../support/data/troublesome-names.js";
import { seed } from "../support/property.js";

const RUNS = 60;
const codec = {
  format: 1,
  encode: ({ name }: { name: string }) => Buffer.from(name, "utf16le"),
  bytes: ({ name }: { name: string }) => OBJECT_BYTES + name.length,
  decode: (bytes: Buffer) => ({ name: bytes.toString("utf16le") }),
  toJson: ({ name }: { name: string }) => name,
};
const isUnicode = (name: string) => !/\p{Surrogate}/u.test(name);

describe("keys of any Unicode text", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-keys-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("become bytes and text again without a loss, or are refused where no bytes stand for them", () => {
    fc.assert(
      fc.property(arbitraryName, (name) => {
        if (isUnicode(name)) assert.equal(keyBytes(name).toString("utf8"), name);
        else assert.throws(() => keyBytes(name), { name: "RecordError", reason: "key-not-unicode" });
      }),
      { seed, numRuns: 1000 },
    );
  });

  it("are kept apart in LevelDB, are all found, by one and in their order, and those of another store are not", async () => {
    console.log(`      REGATTA_TEST_SEED=${seed}`);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(arbitraryName, { maxLength: 40 }), async (names) => {
        const db = await LevelDbStore.open(join(directory, String(run++)));
        try {
          const stores = ["s", "s0"].map((store) => new BufferedStore(store, codec, db, new StateMemory(0, 0)));
          const kept = names.filter(isUnicode);
          for (const store of stores) {
            for (const name of names) {
              if (isUnicode(name)) store.put(name, { name });
              else assert.throws(() => store.put(name, { name }), RecordError);
            }
          }
          await db.write(
            stores.flatMap((store) => store.seal()),
            EMPTY_MANIFEST,
          );
          const inOrder = kept.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          for (const store of stores) {
            store.committed();
            for (const name of kept) assert.deepEqual(store.get(name), { name });
            assert.deepEqual(await db.keys(store.name, 100), inOrder);
            const found: string[] = [];
            for await (const { key } of db.entries(store.name)) found.push(key);
            assert.deepEqual(found, inOrder);
          }
          const half = inOrder[Math.floor(inOrder.length / 2)];
          if (half !== undefined)
            assert.deepEqual(await db.keys("s", 100, half), inOrder.slice(inOrder.indexOf(half) + 1));
        } finally {
          await db.close();
        }
      }),
      { seed, numRuns: RUNS },
    );
  });
});
