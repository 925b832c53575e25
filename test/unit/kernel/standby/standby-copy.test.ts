import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "../../../../shared/errors.js";
import { Admin } from "../../../../shared/kafka/admin.js";
import type { ConsumedRecord } from "../../../../shared/kafka/consumed-record.js";
import { positionAt } from "../../../../shared/kafka/topic-partition.js";
import { positionsHeaders } from "../../../../shared/kernel/changelog/changelog.js";
import { createMetrics, createRegistry } from "../../../../shared/kernel/metrics.js";
import { StandbyCopy } from "../../../../shared/kernel/standby/standby-copy.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import { encodeStored } from "../../../../shared/kernel/store/stored-value.js";
import { isWhole, manifestOf, type StateIdentity } from "../../../../shared/kernel/task/state-identity.js";
import { type OpenTask, Task } from "../../../../shared/kernel/task/task.js";
import { TaskOpener } from "../../../../shared/kernel/task/task-opener.js";
import { TaskRestore } from "../../../../shared/kernel/task/task-restore.js";
import { WriteBehind } from "../../../../shared/kernel/task/write-behind.js";
import { createLogger } from "../../../../shared/logger.js";
import { folderMemory, memoryBudget } from "../../../../shared/memory-budget.js";
import { clientOptions } from "../../../support/kafka/kafka-topics.js";
import { countingService } from "../../../support/services/counting-service.js";

const CHANGELOG = "app-counter-changelog";
const STORE_OF = new Map([[CHANGELOG, "counter"]]);
const { stores: codecs } = countingService("counting", "in", "out");
const logger = createLogger("test", "silent");
const metrics = createMetrics(createRegistry("counting", "app"));

describe("a standby's folder", () => {
  let directory: string;
  let admin: Admin;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-standby-"));
    admin = new Admin(clientOptions("127.0.0.1:1"));
  });
  afterEach(async () => {
    await admin.disconnect();
    rmSync(directory, { recursive: true });
  });

  const identityOf = (inputs: readonly string[] = ["in"]): StateIdentity => ({
    application: "app",
    codecs,
    inputs,
    topicIds: Object.fromEntries([...inputs, CHANGELOG].map((topic) => [topic, `id of ${topic}`])),
    tasks: 1,
  });
  const identity = identityOf();
  const openerOf = (inputs: readonly string[] = ["in"]) =>
    new TaskOpener({
      identity: identityOf(inputs),
      directory,
      slot: 0,
      memory: new StateMemory(0, 0),
      folderMemory: folderMemory(memoryBudget(), 1),
      onPiece: () => {},
      metrics,
      logger,
    });
  const isCurrent = (opener: TaskOpener, task: OpenTask, position: number) =>
    new TaskRestore({
      identity,
      opener,
      saves: new WriteBehind(new StateMemory(0, 0), 0, 0),
      exactlyOnce: true,
      onChangelogLoss: "stop",
      admin,
      clientOptions: clientOptions("127.0.0.1:1"),
      metrics,
      logger,
    }).isCurrent(task, new Map([["in", positionAt(position)]]));
  const taskOf = (inputs: readonly string[] = ["in"]) => new Task("counting", 3, inputs);
  async function copyOf(opener: TaskOpener, end = 100): Promise<StandbyCopy> {
    const task = await opener.openStandby(taskOf());
    assert.ok(task !== undefined);
    return new StandbyCopy(task, identity, STORE_OF, [{ topic: CHANGELOG, partition: 3, position: positionAt(end) }]);
  }
  const recordOf = (offset: number, count: number, position: number): ConsumedRecord => ({
    topic: CHANGELOG,
    partition: 3,
    offset,
    key: Buffer.from("in/s"),
    value: encodeStored(codecs.counter, { count }),
    headers: positionsHeaders({ in: positionAt(position) }),
  });
  const opened = (opener: TaskOpener): Promise<OpenTask> => opener.open(taskOf());

  it("holds values and positions, but is never taken for current: its last commit may be there in part", async () => {
    const opener = openerOf();
    const copy = await copyOf(opener);
    await copy.apply([recordOf(7, 1, 4), recordOf(8, 2, 5)]);
    await copy.close();

    const task = await opened(opener);
    assert.deepEqual(task.folder.stores[0].inspect("in/s"), { count: 2 });
    assert.deepEqual(task.folder.manifest?.positions, { in: 5 });
    assert.deepEqual(task.folder.manifest?.changelogPositions, { counter: 9 });
    assert.equal(isCurrent(opener, task, 5), false);

    // What a replay to the changelog's end leaves is current.
    task.folder.restored(manifestOf(identity, task, { in: positionAt(5) }, { counter: positionAt(9) }));
    await task.folder.save();
    await task.close();
    const again = await opened(opener);
    assert.equal(isCurrent(opener, again, 5), true);
    await again.close();
  });

  it("goes on where it was closed, and passes over what it has", async () => {
    const opener = openerOf();
    const first = await copyOf(opener);
    assert.deepEqual(first.next, [{ topic: CHANGELOG, partition: 3, position: 0 }]);
    await first.apply([recordOf(7, 1, 4), recordOf(8, 2, 5)]);
    await first.close();

    const second = await copyOf(opener, 20);
    assert.deepEqual(second.next, [{ topic: CHANGELOG, partition: 3, position: 9 }]);
    assert.equal(
      second.lag(() => 0),
      11,
    );
    await second.apply([recordOf(7, 1, 4)]);
    assert.deepEqual(second.task.folder.stores[0].inspect("in/s"), { count: 2 });
    await second.apply([recordOf(11, 3, 6)]);
    assert.deepEqual(second.task.folder.stores[0].inspect("in/s"), { count: 3 });
    assert.equal(
      second.lag(() => 0),
      8,
    );
    assert.equal(
      second.lag(() => 20),
      0,
    );
    await second.close();
  });

  it("takes nothing of a batch with a damaged record", async () => {
    const opener = openerOf();
    const copy = await copyOf(opener);
    const damaged = { ...recordOf(8, 2, 5), value: Buffer.from("damaged") };
    await assert.rejects(copy.apply([recordOf(7, 1, 4), damaged]), StoreError);
    await copy.close();
    const task = await opened(opener);
    assert.equal(task.folder.stores[0].inspect("in/s"), undefined);
    assert.equal(task.folder.manifest, undefined);
    await task.close();
  });

  it("is left alone where it claims more than its changelog has, or somebody else has it open", async () => {
    const opener = openerOf();
    const copy = await copyOf(opener);
    await copy.apply([recordOf(8, 2, 5)]);
    await copy.close();
    const beyond = await opener.openStandby(taskOf());
    assert.ok(beyond !== undefined);
    assert.throws(
      () => new StandbyCopy(beyond, identity, STORE_OF, [{ topic: CHANGELOG, partition: 3, position: positionAt(8) }]),
      /has applied app-counter-changelog up to 9, but it ends at 8/,
    );
    await beyond.close();

    const holder = await LevelDbStore.open(join(directory, "3"));
    assert.equal(await opener.openStandby(taskOf()), undefined);
    await holder.close();
  });

  it("is replayed from the beginning when the service has an input that it did not know", async () => {
    const before = openerOf();
    const copy = await copyOf(before);
    await copy.apply([recordOf(8, 2, 5)]);
    await copy.close();
    const after = openerOf(["in", "more"]);
    const task = await after.open(taskOf(["in", "more"]));
    assert.deepEqual(task.folder.manifest?.changelogPositions, {});
    assert.equal(isWhole(identityOf(["in", "more"]), task), true);
    assert.equal(isWhole(identityOf(["in", "more"]), taskOf(["more"])), false);
    await task.close();
  });
});
