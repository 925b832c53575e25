import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { FolderWriteError } from "../../../../shared/folder-lock.js";
import { positionAt } from "../../../../shared/kafka/topic-partition.js";
import { BufferedStore } from "../../../../shared/kernel/store/buffered-store.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { MANIFEST_FORMAT, type Manifest } from "../../../../shared/kernel/store/manifest.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import { Task } from "../../../../shared/kernel/task/task.js";
import { TaskFolder } from "../../../../shared/kernel/task/task-folder.js";
import { WriteBehind } from "../../../../shared/kernel/task/write-behind.js";
import type { Codec } from "../../../../shared/service-definition.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";

const codec: Codec<{ n: number }> = {
  format: 1,
  encode: ({ n }) => Buffer.alloc(100, n),
  bytes: () => 100,
  decode: (bytes) => ({ n: bytes[0] }),
  toJson: ({ n }) => n,
};
/** So that each value is a piece of its own. */
const PIECE_BYTES = 50;
const manifestAt = (position: number): Manifest => ({ ...EMPTY_MANIFEST, positions: { in: positionAt(position) } });

describe("the passes over a folder", () => {
  let directory: string;
  let memory: StateMemory;
  let folder: TaskFolder;
  let store: BufferedStore<{ n: number }>;
  let onPiece: () => void;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-saver-"));
    memory = new StateMemory(0, 1e9);
    onPiece = () => {};
    await open();
  });
  afterEach(async () => {
    await folder.abandon();
    rmSync(directory, { recursive: true });
  });

  async function open(): Promise<void> {
    const db = await LevelDbStore.open(directory);
    store = new BufferedStore("values", codec, db, memory);
    const passes = { pieceBytes: PIECE_BYTES, onPiece: () => onPiece() };
    folder = new TaskFolder(db, [store], db.manifest(), undefined, passes);
  }

  function commit(position: number, keys: readonly string[]): void {
    for (const key of keys) store.put(key, { n: position });
    folder.seal();
    folder.committed(manifestAt(position));
  }

  const inLevelDb = () => ({
    position: folder.db.manifest()?.positions.in,
    ahead: folder.db.manifest()?.ahead,
    values: ["t/a", "t/b", "t/c"].map((key) => folder.db.get("values", key)?.at(-1)),
  });

  it("write nothing before they begin, and the manifest with the last piece", async () => {
    commit(1, ["t/a", "t/b", "t/c"]);
    assert.deepEqual(inLevelDb(), { position: undefined, ahead: undefined, values: [undefined, undefined, undefined] });
    assert.deepEqual([folder.manifest?.positions, memory.unsavedBytes > 300], [{ in: 1 }, true]);
    const seen: unknown[] = [];
    onPiece = () => seen.push(inLevelDb().position);
    await folder.save();
    assert.deepEqual(seen, [undefined, undefined, 1]);
    assert.deepEqual(inLevelDb(), { position: 1, ahead: undefined, values: [1, 1, 1] });
    assert.equal(memory.unsavedBytes, 0);
  });

  it("say that values may be ahead while they are, also where a death cuts them short", async () => {
    commit(1, ["t/a", "t/b", "t/c"]);
    await folder.save();
    commit(2, ["t/a", "t/b"]);
    let pieces = 0;
    onPiece = () => {
      if (++pieces === 1) void folder.abandon();
    };
    await assert.rejects(folder.save());
    await open();
    const found = inLevelDb();
    assert.deepEqual([found.position, found.ahead, found.values.filter((n) => n === 2).length], [1, true, 1]);
    assert.equal(folder.isAhead, true);
  });

  it("keep an older program from a folder of its own format whose values are ahead", async () => {
    commit(1, ["t/a", "t/b", "t/c"]);
    await folder.save();
    assert.equal(folder.db.manifest()?.format, EMPTY_MANIFEST.format);
    commit(2, ["t/a", "t/b"]);
    const seen: unknown[] = [];
    onPiece = () => seen.push([inLevelDb().ahead, folder.db.manifest()?.format]);
    await folder.save();
    assert.deepEqual(seen[0], [true, MANIFEST_FORMAT]);
  });

  it("leave the manifest of their beginning, and say that values are ahead, where a commit came meanwhile", async () => {
    commit(1, ["t/a", "t/b", "t/c"]);
    onPiece = () => {
      onPiece = () => {};
      commit(2, ["t/a", "t/b", "t/c"]);
    };
    await folder.save();
    assert.deepEqual([inLevelDb().position, inLevelDb().ahead], [1, true]);
    await folder.save();
    assert.deepEqual(inLevelDb(), { position: 2, ahead: undefined, values: [2, 2, 2] });
  });

  it("never write what is not committed", async () => {
    commit(1, ["t/a"]);
    store.put("t/a", { n: 2 });
    folder.seal();
    store.put("t/a", { n: 3 });
    await folder.save();
    assert.deepEqual(inLevelDb().values, [1, undefined, undefined]);
    folder.discard();
    assert.deepEqual(store.get("t/a"), { n: 1 });
  });

  it("leave a folder that says all at a close, and nothing of what was not committed", async () => {
    commit(1, ["t/a"]);
    store.put("t/b", { n: 2 });
    await folder.close();
    await open();
    assert.deepEqual(inLevelDb(), { position: 1, ahead: undefined, values: [1, undefined, undefined] });
  });

  it("leave the first keys to be told without as many being read as are unsaved", async () => {
    const all = Array.from({ length: 50 }, (_, k) => `t/${String(k).padStart(2, "0")}`);
    commit(1, all);
    assert.deepEqual(await folder.keys("values", 3), all.slice(0, 3));
    await folder.save();
    store.delete("t/01");
    commit(2, ["t/000", ...all.slice(2)]);
    const asked: number[] = [];
    const { keys } = folder.db;
    folder.db.keys = (name, limit) => {
      asked.push(limit);
      return keys.call(folder.db, name, limit);
    };
    assert.deepEqual(await folder.keys("values", 3), ["t/00", "t/000", "t/02"]);
    assert.deepEqual(asked, [4]);
    assert.equal((await folder.keys("values", 100)).length, 50);
  });

  it("write again what a restore was cut short at", async () => {
    commit(1, ["t/a", "t/b"]);
    await folder.save();
    const value = folder.db.get("values", "t/a");
    folder.applyLogged([{ store: "values", key: "t/c", value }]);
    await folder.save();
    assert.deepEqual([inLevelDb().position, inLevelDb().ahead], [1, true]);
    folder.restored(manifestAt(2));
    await folder.save();
    assert.deepEqual(inLevelDb(), { position: 2, ahead: undefined, values: [1, 1, 1] });
  });

  it("stop at the first that fails, which the next turn of the loop is told; what was committed stays readable", async () => {
    const task: Task = new Task("service", 0, ["in"]);
    task.opened(folder);
    task.run(undefined);
    const saves = new WriteBehind(memory, 1, 0);
    commit(1, ["t/a"]);
    folder.db.write = () => Promise.reject(new FolderWriteError("no space left"));
    await saves.save([task]);
    await assert.rejects(folder.save(), FolderWriteError);
    await assert.rejects(saves.save([task]), FolderWriteError);
    assert.deepEqual(store.get("t/a"), { n: 1 });
    await folder.close();
    await open();
    assert.equal(folder.manifest, undefined);
  });

  it("begin where much is unsaved, and the loop waits where it is twice as much", async () => {
    const task: Task = new Task("service", 0, ["in"]);
    task.opened(folder);
    task.run(undefined);
    const saves = new WriteBehind(memory, 1000, 3_600_000);
    await saves.save([task]);
    await setImmediate();
    commit(1, ["t/a"]);
    await saves.save([task]);
    await setImmediate();
    assert.equal(inLevelDb().position, undefined);
    commit(
      2,
      Array.from({ length: 9 }, (_, k) => `t/${k}`),
    );
    await saves.save([task]);
    assert.equal(inLevelDb().position, 2);
  });
});
