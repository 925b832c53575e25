import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import type { Rejection } from "../../../../shared/kernel/task/rejection.js";
import { Task, type TaskState, TRANSITIONS } from "../../../../shared/kernel/task/task.js";
import { TaskFolder } from "../../../../shared/kernel/task/task-folder.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";

const rejection: Rejection = { error: new Error("refused"), form: "whole" };
const recordOf = (topic: string, offset: number, timestamp = 0) => ({
  topic,
  partition: 2,
  offset,
  timestamp,
  key: null,
  value: null,
});

/** Ways to bring a new task to each state, and the verbs that lead to each. */
const ways: Readonly<Record<TaskState, (task: Task) => void>> = {
  created: () => {},
  restoring: (task) => task.beginRestore(),
  running: (task) => task.run(undefined),
  closed: (task) => task.end(),
};

describe("a task", () => {
  const taskOf = () => new Task("service", 2, ["a", "b"]);

  it("takes the transitions of its table, and no other", async () => {
    const verbs: Readonly<Record<TaskState, (task: Task) => unknown>> = { ...ways, created: (task) => task.reset() };
    for (const from of Object.keys(TRANSITIONS) as TaskState[]) {
      for (const to of Object.keys(TRANSITIONS) as TaskState[]) {
        const task = taskOf();
        ways[from](task);
        const goes = (async () => verbs[to](task))();
        if (TRANSITIONS[from].includes(to)) {
          await goes;
          assert.equal(task.state, to, `${from} to ${to}`);
        } else if (from === "closed" && to === "closed") {
          await goes;
        } else {
          await assert.rejects(goes, { message: `bug: task service/2 is ${from} and cannot become ${to}` });
          assert.equal(task.state, from);
        }
      }
    }
  });

  it("takes no folder but when it is created", () => {
    const task = taskOf();
    task.end();
    assert.throws(() => task.opened(undefined as never), /bug: task service\/2 is closed and cannot take a folder/);
  });

  it("gives its folder up when it is reset, and when it is closed", async () => {
    const directory = mkdtempSync(join(tmpdir(), "regatta-task-"));
    const folderOf = async (name: string) =>
      new TaskFolder(await LevelDbStore.open(join(directory, name)), [], undefined, undefined);
    const task: Task = taskOf();
    const first = await folderOf("first");
    task.opened(first);
    task.beginRestore();
    await task.reset();
    assert.equal(task.folder, undefined);
    const second = await folderOf("second");
    task.opened(second);
    task.end();
    assert.equal(task.folder, second, "whoever works on it may finish what was begun");
    await task.close();
    assert.equal(task.folder, undefined);
    for (const name of ["first", "second"]) await (await LevelDbStore.open(join(directory, name))).close();
    rmSync(directory, { recursive: true });
  });

  it("has positions after the records that it has processed, until they are dropped", () => {
    const task = taskOf();
    task.advance(recordOf("a", 4, 70));
    task.advance(recordOf("a", 5, 60));
    task.advance(recordOf("b", 9, 80));
    assert.deepEqual(Object.fromEntries(task.positions), { a: 6, b: 10 });
    assert.deepEqual([task.advanced, task.oldestTimestampMs, task.lastTimestampMs], [true, 60, 80]);
    task.rewind();
    assert.deepEqual(Object.fromEntries(task.positions), {});
    assert.deepEqual([task.advanced, task.oldestTimestampMs], [false, undefined]);
  });

  it("rejects a record until that is committed, in each input by its own offset", () => {
    const task = taskOf();
    task.reject({ kind: "read", topic: "a", offset: 5 }, rejection);
    task.reject({ kind: "read", topic: "a", offset: 8 }, rejection);
    task.reject({ kind: "read", topic: "b", offset: 5 }, rejection);
    assert.equal(task.rejectionOf("a", 5), rejection);
    assert.equal(task.rejectionOf("a", 6), undefined);
    task.rewind();
    task.advance(recordOf("a", 5));
    task.seal();
    task.advance(recordOf("a", 8));
    task.committed(EMPTY_MANIFEST);
    assert.deepEqual(
      [task.rejectionOf("a", 5), task.rejectionOf("a", 8), task.rejectionOf("b", 5)],
      [undefined, rejection, rejection],
    );
  });

  it("rejects what its source generates by number, and counts again what was dropped", () => {
    const task = taskOf();
    assert.deepEqual([task.countGenerated(), task.countGenerated()], [0, 1]);
    task.seal();
    task.committed(EMPTY_MANIFEST);
    task.reject({ kind: "generated", number: 3 }, rejection);
    assert.deepEqual([task.countGenerated(), task.countGenerated()], [2, 3]);
    assert.equal(task.rejectionOfGenerated(3), rejection);
    task.rewind();
    assert.equal(task.countGenerated(), 2);
    assert.equal(task.rejectionOfGenerated(3), rejection);
    task.seal();
    assert.equal(task.countGenerated(), 3);
    task.committed(EMPTY_MANIFEST);
    assert.equal(task.rejectionOfGenerated(3), rejection, "its number was not committed");
    task.rewind();
    assert.equal(task.countGenerated(), 3);
    task.seal();
    task.committed(EMPTY_MANIFEST);
    assert.equal(task.rejectionOfGenerated(3), undefined);
  });

  it("has one commit of what was done before it, and leaves what is done meanwhile to the next", () => {
    const task = taskOf();
    task.advance(recordOf("a", 4, 70));
    assert.deepEqual(task.seal(), { positions: { a: 5 }, generated: 0, oldestTimestampMs: 70 });
    assert.equal(task.advanced, false);
    task.advance(recordOf("a", 5, 60));
    task.advance(recordOf("b", 0, 65));
    assert.deepEqual(task.sealed?.positions, { a: 5 });
    task.committed(EMPTY_MANIFEST);
    assert.deepEqual([task.sealed, task.advanced, task.oldestTimestampMs], [undefined, true, 60]);
    assert.deepEqual(task.seal().positions, { a: 6, b: 1 });
    task.rewind();
    assert.deepEqual([task.sealed, task.advanced], [undefined, false]);
    assert.throws(() => task.committed(EMPTY_MANIFEST), /bug/);
  });
});
