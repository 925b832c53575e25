import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { StoreError } from "../../../../shared/errors.js";
import { FolderDamagedError } from "../../../../shared/folder-lock.js";
import { BufferedStore } from "../../../../shared/kernel/store/buffered-store.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import { decodeStored, encodeStored, ValueDamagedError } from "../../../../shared/kernel/store/stored-value.js";
import type { Codec } from "../../../../shared/service-definition.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";

interface Count {
  count: number;
}

/** Format `format`: the count as that many bytes, big endian. */
function countCodec(format: number, older: readonly number[] = []): Codec<Count> {
  const decode = (bytes: Buffer) => ({ count: bytes.readUIntBE(0, bytes.length) });
  return {
    format,
    encode({ count }) {
      const bytes = Buffer.alloc(format);
      bytes.writeUIntBE(count, 0, format);
      return bytes;
    },
    bytes: () => 8,
    decode(bytes) {
      if (bytes.length !== format) throw new RangeError(`expected ${format} bytes, got ${bytes.length}`);
      return decode(bytes);
    },
    older: Object.fromEntries(older.map((number) => [number, decode])),
    toJson: ({ count }) => count,
  };
}

describe("a stored value", () => {
  const of2 = encodeStored(countCodec(2), { count: 258 });

  it("of an older format that the codec reads is read", () => {
    assert.deepEqual(decodeStored(countCodec(3, [1, 2]), of2, "it"), { count: 258 });
  });

  it("of a newer format is refused with both formats and a remedy, and is not damage", () => {
    assert.throws(() => decodeStored(countCodec(1), of2, "folder: counts of a/b"), {
      name: "StoreError",
      message:
        "folder: counts of a/b is of format 2, this program reads up to 1. " +
        "Use the newer program that wrote it, or start anew under another APPLICATION_ID.",
    });
  });

  it("of an older format that no codec reads any more is refused in the same way", () => {
    assert.throws(() => decodeStored(countCodec(5, [4, 3]), of2, "it"), {
      name: "StoreError",
      message:
        "it is of format 2, this program reads from 3. " +
        "Upgrade by way of a program that reads both, or start anew under another APPLICATION_ID.",
    });
  });

  it("is damaged, whatever its format byte says, where its checksum or its layout is wrong", () => {
    const flipped = Buffer.from(of2);
    flipped[4] = 9;
    assert.throws(() => decodeStored(countCodec(2), flipped, "it"), ValueDamagedError);
    assert.throws(() => decodeStored(countCodec(2), of2.subarray(0, 4), "it"), ValueDamagedError);
    const short = encodeStored({ ...countCodec(2), encode: () => Buffer.alloc(1) }, { count: 1 });
    assert.throws(() => decodeStored(countCodec(2), short, "it"), ValueDamagedError);
  });
});

describe("a LevelDB folder", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-format-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("of an older program has its values written anew in the format of today when they are put", async () => {
    const db = await LevelDbStore.open(directory);
    const old = new BufferedStore<Count>("counts", countCodec(1), db, new StateMemory(0, 0));
    for (const key of ["t/put", "t/left"]) old.put(key, { count: 7 });
    await db.write(old.seal(), EMPTY_MANIFEST);
    const store = new BufferedStore<Count>("counts", countCodec(2, [1]), db, new StateMemory(0, 0));
    const value = store.get("t/put");
    assert.deepEqual(value, { count: 7 });
    store.put("t/put", { count: 8 });
    await db.write(store.seal(), EMPTY_MANIFEST);
    store.committed();
    assert.deepEqual(store.get("t/put"), { count: 8 });
    assert.deepEqual(store.get("t/left"), { count: 7 });
    // Checksum, format and body.
    assert.deepEqual([...(db.get("counts", "t/put") ?? [])].slice(4), [2, 0, 8]);
    assert.deepEqual([...(db.get("counts", "t/left") ?? [])].slice(4), [1, 7]);
    await db.close();
  });

  const manifestOf = async (text: string) => {
    const level = new Level<string, Buffer>(directory, { valueEncoding: "buffer" });
    await level.put("manifest", Buffer.from(text));
    await level.close();
    const db = await LevelDbStore.open(directory);
    try {
      return db.manifest();
    } finally {
      await db.close();
    }
  };

  it("whose manifest is of a newer format is refused, though it has nothing else that is known", async () => {
    await assert.rejects(manifestOf('{"format": 3, "anything": []}'), (error: unknown) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, /its manifest is of format 3, this program reads up to 2\. Use the newer program/);
      return true;
    });
  });

  it("whose manifest makes no sense is damaged", async () => {
    for (const text of ["", "{}", '{"format": "2"}', JSON.stringify({ ...EMPTY_MANIFEST, positions: undefined })])
      await assert.rejects(manifestOf(text), FolderDamagedError);
  });

  it("whose manifest was written before formats of values were in it is read", async () => {
    assert.deepEqual(await manifestOf(JSON.stringify(EMPTY_MANIFEST)), EMPTY_MANIFEST);
  });
});
