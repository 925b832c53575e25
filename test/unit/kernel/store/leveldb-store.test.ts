import assert from "node:assert/strict";
import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderDamagedError } from "../../../../shared/folder-lock.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";

/** More than LevelDB keeps in one log file. */
const VALUE = Buffer.alloc(8 * 1024 * 1024);

describe("a LevelDB folder that is gone from under its name", () => {
  let parent: string;
  let store: LevelDbStore;

  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), "regatta-leveldb-"));
    store = await LevelDbStore.open(join(parent, "0"));
  });
  afterEach(async () => {
    await store.close();
    rmSync(parent, { recursive: true, force: true });
  });

  it("is told from a disk that fails: by a look, and by the write that needs the next file", async () => {
    await store.refuseGone();
    rmSync(store.directory, { recursive: true });
    await assert.rejects(
      store.refuseGone(),
      new FolderDamagedError(`${store.directory} was deleted or replaced while it was open`, { cause: undefined }),
    );
    await assert.rejects(
      async () => {
        for (let key = 0; key < 10; key++) await store.restore([{ store: "s", key: String(key), value: VALUE }]);
      },
      { name: "FolderDamagedError", message: /while it was open/ },
    );
  });

  it("is told when another has taken its place", async () => {
    renameSync(store.directory, join(parent, "elsewhere"));
    cpSync(join(parent, "elsewhere"), store.directory, { recursive: true });
    await assert.rejects(store.refuseGone(), FolderDamagedError);
  });
});
