import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LevelDbStore, type StoreWrite } from "../../../../shared/kernel/store/leveldb-store.js";
import { KeyMend, keysWithNul, type MendChunk } from "../../../../shared/kernel/task/key-mend.js";

const SERIES = 50;
const ROWS = 60;
/** Bytes of all values: more than one commit takes. */
const VALUE = Buffer.alloc(2048, "v");

describe("keys that are written anew", () => {
  let directory: string;
  let db: LevelDbStore;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-mend-"));
    db = await LevelDbStore.open(directory);
    const writes: StoreWrite[] = [{ store: "main", key: "t/a", value: Buffer.from("own") }];
    for (let s = 0; s < SERIES; s++) {
      writes.push(
        { store: "main", key: `t/a\0${s}`, value: VALUE },
        { store: "main", key: `t/plain${s}`, value: VALUE },
      );
      for (let row = 0; row < ROWS; row++) writes.push({ store: "rows", key: `t/\0${s}/${row}`, value: VALUE });
    }
    await db.restore(writes);
  });
  after(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });

  async function chunks(changes: readonly StoreWrite[] = []): Promise<MendChunk[]> {
    const mend = new KeyMend(db, ["main", "rows"]);
    const all: MendChunk[] = [];
    for (let done = false; !done; ) {
      const chunk = await mend.chunk(changes);
      assert.deepEqual((await mend.chunk(changes)).writes, chunk.writes, "what was not committed is written again");
      done = mend.committed(chunk);
      all.push(chunk);
    }
    return all;
  }

  it("are all that have a NUL byte, with what is right for their cut keys, some at a time", async () => {
    const all = await chunks();
    assert.ok(all.length > 3);
    for (const { writes } of all) {
      const bytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
      assert.ok(bytes < 1024 * 1024 + 2 * VALUE.length);
    }
    const written = new Map(
      all.flatMap(({ writes }) => writes.map(({ store, key, value }) => [`${store} ${key}`, value])),
    );
    assert.equal(written.size, SERIES + SERIES * ROWS + 2);
    assert.equal(String(written.get("main t/a")), "own");
    assert.ok(written.has("rows t/") && written.get("rows t/") === undefined, "deleted: nobody's");
    assert.ok(![...written.keys()].some((key) => key.includes("plain")));
    assert.ok(written.get(`rows t/\0${SERIES - 1}/${ROWS - 1}`)?.equals(VALUE));
  });

  it("are counted, and those series that belong to another task by their whole names", async () => {
    const folderOf = (partition: number) => ({ db, stores: ["main", "rows"], partition });
    assert.deepEqual(await keysWithNul(folderOf(0), 1), { keys: SERIES + SERIES * ROWS, elsewhere: 0 });
    let home = 0;
    for (let partition = 0; partition < 4; partition++)
      home += SERIES - (await keysWithNul(folderOf(partition), 4)).elsewhere;
    assert.equal(home, SERIES);
  });

  it("are not those that the same commit changes", async () => {
    const changed: StoreWrite[] = ["t/a\0" + "1", "t/a"].map((key) => ({
      store: "main",
      key,
      value: Buffer.from("new"),
    }));
    const keys = (await chunks(changed)).flatMap(({ writes }) => writes.map(({ key }) => key));
    for (const { key } of changed) assert.ok(!keys.includes(key));
  });
});
