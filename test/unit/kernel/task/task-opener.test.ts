import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "../../../../shared/errors.js";
import { lockFolder } from "../../../../shared/folder-lock.js";
import { createMetrics, createRegistry } from "../../../../shared/kernel/metrics.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import { manifestOf, type StateIdentity } from "../../../../shared/kernel/task/state-identity.js";
import { Task } from "../../../../shared/kernel/task/task.js";
import { TaskOpener } from "../../../../shared/kernel/task/task-opener.js";
import { createLogger } from "../../../../shared/logger.js";
import { folderMemory, memoryBudget } from "../../../../shared/memory-budget.js";
import { countingService } from "../../../support/services/counting-service.js";

const { stores: codecs } = countingService("counting", "in", "out");

describe("the opener of tasks", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-opener-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const identityOf = (inputId: string): StateIdentity => ({
    application: "app",
    codecs,
    inputs: ["in"],
    topicIds: { in: inputId, "app-counter-changelog": "changelog" },
    tasks: 1,
  });
  const openerOf = (identity: StateIdentity) =>
    new TaskOpener({
      identity,
      directory,
      slot: 0,
      memory: new StateMemory(0, 0),
      folderMemory: folderMemory(memoryBudget(), 1),
      onPiece: () => {},
      metrics: createMetrics(createRegistry("counting", "app")),
      logger: createLogger("test", "silent"),
    });
  const taskOf = () => new Task("counting", 0, ["in"]);
  /** A folder that is open in this process cannot be locked again. */
  const assertClosed = async () => (await lockFolder(join(directory, "0")))();

  it("opens an empty folder in the place of one that is reset, and keeps the old one aside", async () => {
    const opener = openerOf(identityOf("first"));
    const task = await opener.open(taskOf());
    const { folder } = task;
    task.beginRestore();
    await opener.reset(task, new Error("damaged"));
    assert.equal(task.state, "created");
    assert.notEqual(task.folder, folder);
    assert.equal(task.folder.manifest, undefined);
    assert.equal(readdirSync(directory).filter((name) => name.startsWith("0.damaged-")).length, 1);
    await task.close();
    await assertClosed();
  });

  it("opens no folder for a task that is closed while it is reset", async () => {
    const opener = openerOf(identityOf("first"));
    const task = await opener.open(taskOf());
    task.beginRestore();
    const reset = opener.reset(task, new Error("damaged"));
    task.end();
    await reset;
    const closed: Task = task;
    assert.equal(closed.folder, undefined);
    await assertClosed();
  });

  it("closes a folder that nothing can go on from", async () => {
    const identity = identityOf("first");
    const before = await openerOf(identity).open(taskOf());
    before.folder.restored(manifestOf(identity, before, {}, {}));
    await before.folder.save();
    await before.close();
    const other = openerOf(identityOf("second"));
    for (const open of [() => other.open(taskOf()), () => other.openStandby(taskOf())]) {
      await assert.rejects(
        open,
        (error) => error instanceof StoreError && /deleted and made again/.test(error.message),
      );
    }
    await assertClosed();
  });
});
