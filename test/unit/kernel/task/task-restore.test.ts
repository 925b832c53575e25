import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Admin } from "../../../../shared/kafka/admin.js";
import { positionAt } from "../../../../shared/kafka/topic-partition.js";
import { createMetrics, createRegistry } from "../../../../shared/kernel/metrics.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import { encodeStored } from "../../../../shared/kernel/store/stored-value.js";
import { manifestOf, type StateIdentity } from "../../../../shared/kernel/task/state-identity.js";
import { type OpenTask, Task } from "../../../../shared/kernel/task/task.js";
import { TaskOpener } from "../../../../shared/kernel/task/task-opener.js";
import { StateAheadError, TaskRestore } from "../../../../shared/kernel/task/task-restore.js";
import { WriteBehind } from "../../../../shared/kernel/task/write-behind.js";
import { createLogger } from "../../../../shared/logger.js";
import { folderMemory, memoryBudget } from "../../../../shared/memory-budget.js";
import { clientOptions } from "../../../support/kafka/kafka-topics.js";
import { countingService } from "../../../support/services/counting-service.js";

const { stores: codecs } = countingService("counting", "in", "out");
const logger = createLogger("test", "silent");

describe("a folder whose values are ahead of its positions", () => {
  let directory: string;
  let admin: Admin;
  let restore: TaskRestore;
  let task: OpenTask;

  const identity: StateIdentity = {
    application: "app",
    codecs,
    inputs: ["in"],
    topicIds: { in: "id of in", "app-counter-changelog": "id of changelog" },
    tasks: 1,
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-restore-"));
    admin = new Admin(clientOptions("127.0.0.1:1"));
    const memory = new StateMemory(0, 0);
    const metrics = createMetrics(createRegistry("counting", "app"));
    const opener = new TaskOpener({
      identity,
      directory,
      slot: 0,
      memory,
      folderMemory: folderMemory(memoryBudget(), 1),
      onPiece: () => {},
      metrics,
      logger,
    });
    restore = new TaskRestore({
      identity,
      opener,
      saves: new WriteBehind(memory, 0, 0),
      exactlyOnce: false,
      onChangelogLoss: "stop",
      admin,
      clientOptions: clientOptions("127.0.0.1:1"),
      metrics,
      logger,
    });
    const before = await opener.open(new Task("counting", 0, ["in"]));
    before.folder.restored(manifestOf(identity, before, { in: positionAt(5) }, { counter: positionAt(9) }));
    await before.folder.save();
    before.folder.applyLogged([{ store: "counter", key: "in/s", value: encodeStored(codecs.counter, { count: 1 }) }]);
    await before.close();
    task = await opener.open(new Task("counting", 0, ["in"]));
    assert.ok(task.folder.isAhead);
  });
  afterEach(async () => {
    await task.close();
    await admin.disconnect();
    rmSync(directory, { recursive: true });
  });

  const isCurrentAt = (position: number) => restore.isCurrent(task, new Map([["in", positionAt(position)]]));

  it("is restored before it runs, wherever its group is", () => {
    assert.equal(isCurrentAt(5), false);
    assert.equal(isCurrentAt(6), false);
  });

  it("is refused where somebody set its group back, also without transactions", () => {
    assert.throws(() => isCurrentAt(4), StateAheadError);
  });
});
