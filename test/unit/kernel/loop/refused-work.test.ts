import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../../../../shared/config.js";
import { KafkaCode, KafkaError } from "../../../../shared/kafka/kafka-error.js";
import { Output } from "../../../../shared/kernel/commit/output.js";
import { Processing } from "../../../../shared/kernel/loop/record-processing.js";
import { RefusedWork } from "../../../../shared/kernel/loop/refused-work.js";
import { createMetrics, createRegistry } from "../../../../shared/kernel/metrics.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { type OpenTask, Task } from "../../../../shared/kernel/task/task.js";
import { TaskFolder } from "../../../../shared/kernel/task/task-folder.js";
import { createLogger } from "../../../../shared/logger.js";
import { kernelSettings } from "../../../../shared/service-settings.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";
import { countingService } from "../../../support/services/counting-service.js";

const INPUT = "texts";
const OUTPUT = "counts";
const logger = createLogger("test", "silent");
const recordOf = (offset: number) => ({
  topic: INPUT,
  partition: 0,
  offset,
  timestamp: 0,
  key: null,
  value: Buffer.from("good"),
});
/** A record of the output is too large by itself. */
const refusal = () =>
  new KafkaError("commit", { code: KafkaCode.MSG_SIZE_TOO_LARGE, message: "too large", topic: OUTPUT, records: 1 });

describe("work that Kafka refuses while records are processed beside its commit", () => {
  let directory: string;
  let task: OpenTask;
  let refused: RefusedWork;
  let processing: Processing;
  let output: Output;

  beforeEach(async () => {
    const settings = readSettings(kernelSettings, {});
    const { signal } = new AbortController();
    output = new Output({ settings, properties: {}, clientId: "test", logger }, undefined, signal);
    const metrics = createMetrics(createRegistry("counter", "test"));
    const service = countingService("counter", INPUT, OUTPUT);
    processing = new Processing({ service, settings: {}, output, encoders: new Map(), metrics, logger } as never);
    refused = new RefusedWork({ output, processing, logger });
    directory = mkdtempSync(join(tmpdir(), "regatta-refused-"));
    const opened: Task = new Task("counter", 0, [INPUT]);
    opened.opened(new TaskFolder(await LevelDbStore.open(directory), [], undefined, undefined));
    opened.run(undefined);
    task = opened;
  });
  afterEach(async () => {
    await output.disconnect();
    await task.close();
    rmSync(directory, { recursive: true });
  });

  function take(...offsets: number[]): void {
    for (const offset of offsets) {
      refused.take(task, recordOf(offset));
      task.advance(recordOf(offset));
    }
  }

  function beginCommit(): void {
    processing.seal();
    refused.seal([task]);
    task.seal();
  }

  it("is found at once where the commit had one record, however many are beside it", () => {
    take(4);
    beginCommit();
    take(5, 6, 7);
    refused.refused(refusal(), [task]);
    assert.equal(task.rejectionOf(INPUT, 4)?.error.message.includes(OUTPUT), true);
    assert.deepEqual(
      [5, 6, 7].map((offset) => task.rejectionOf(INPUT, offset)),
      [undefined, undefined, undefined],
    );
  });

  it("is searched for among the records of the commit, and those beside it wait", () => {
    take(4, 5, 6, 7);
    beginCommit();
    take(8, 9);
    refused.refused(refusal(), [task]);
    assert.deepEqual([refused.isCareful, refused.most(100)], [true, 8], "halves of four, fetched four at once");
    assert.deepEqual(
      [7, 8].map((offset) => refused.admits(recordOf(offset))),
      [true, false],
    );
  });

  it("is not searched for among records of a task that had none in the commit", async () => {
    const folder = mkdtempSync(join(tmpdir(), "regatta-refused-"));
    const other: Task = new Task("counter", 1, [INPUT]);
    other.opened(new TaskFolder(await LevelDbStore.open(folder), [], undefined, undefined));
    other.run(undefined);
    const besideOf = (offset: number) => ({ ...recordOf(offset), partition: 1 });
    take(4, 5, 6, 7);
    refused.seal([task, other]);
    task.seal();
    for (let offset = 0; offset < 1000; offset++) {
      refused.take(other, besideOf(offset));
      other.advance(besideOf(offset));
    }
    refused.refused(refusal(), [task, other]);
    assert.deepEqual([refused.admits(recordOf(7)), refused.admits(besideOf(0))], [true, false]);
    await other.close();
    rmSync(folder, { recursive: true });
  });

  it("is that of the open transaction where no commit is under way", () => {
    take(4);
    beginCommit();
    task.committed(EMPTY_MANIFEST);
    refused.committed([task]);
    take(5);
    refused.refused(refusal(), [task]);
    assert.deepEqual(
      [4, 5].map((offset) => task.rejectionOf(INPUT, offset) !== undefined),
      [false, true],
    );
  });

  it("is counted from nothing after it was dropped", () => {
    take(4, 5);
    beginCommit();
    take(6);
    refused.aborted();
    task.rewind();
    take(4);
    refused.refused(refusal(), [task]);
    assert.notEqual(task.rejectionOf(INPUT, 4), undefined);
  });
});
