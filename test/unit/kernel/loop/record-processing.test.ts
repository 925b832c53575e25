import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../../../../shared/config.js";
import { Output } from "../../../../shared/kernel/commit/output.js";
import { ProcessFailure, Processing } from "../../../../shared/kernel/loop/record-processing.js";
import { createMetrics, createRegistry } from "../../../../shared/kernel/metrics.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { type OpenTask, Task } from "../../../../shared/kernel/task/task.js";
import { TaskFolder } from "../../../../shared/kernel/task/task-folder.js";
import { createLogger } from "../../../../shared/logger.js";
import type { AnyService } from "../../../../shared/service-definition.js";
import { kernelSettings } from "../../../../shared/service-settings.js";
import { Deed, newAdder } from "../../../support/programs/deed-thread.js";

const SETTINGS = { added: 1 };
const TIMEOUT_MS = 60_000;
const logger = createLogger("test", "silent");

/** A service whose records are jobs `[deed, number]`, and which adds what it is given back to `results`. */
function addingService(threads: number, results: number[]): AnyService {
  return {
    kind: "processor",
    name: "adder",
    settings: {},
    inputs: () => ["numbers"],
    outputs: () => [],
    stores: {},
    metrics: () => undefined,
    work: {
      threads: () => threads,
      timeoutMs: () => TIMEOUT_MS,
      runner: () => newAdder(SETTINGS),
      module: new URL("../../../support/programs/deed-thread.js", import.meta.url),
    },
    process({ value }, { compute }) {
      const [deed, number] = JSON.parse(String(value)) as [number, number];
      compute(Float64Array.of(deed, number), [0], ({ numbers: [result] }) => {
        if (result > 100) throw new RangeError(`expected a small result, got ${result}`);
        results.push(result);
      });
    },
  };
}

for (const count of [1, 2]) {
  describe(`a service with heavy work on ${count} threads`, () => {
    let processing: Processing;
    let results: number[];
    let directory: string;
    let task: OpenTask;
    let output: Output;

    beforeEach(async () => {
      const settings = readSettings(kernelSettings, {});
      output = new Output(
        { settings, properties: {}, clientId: "test", logger },
        undefined,
        new AbortController().signal,
      );
      const metrics = createMetrics(createRegistry("adder", "test"));
      results = [];
      processing = new Processing({
        application: "regatta-test",
        service: addingService(count, results),
        settings: SETTINGS,
        output,
        encoders: new Map(),
        metrics,
        logger,
      });
      directory = mkdtempSync(join(tmpdir(), "regatta-processing-"));
      const opened: Task = new Task("adder", 0, ["numbers"]);
      opened.opened(new TaskFolder(await LevelDbStore.open(directory), [], undefined, undefined));
      task = opened;
      processing.adopt(task, 1);
    });
    afterEach(async () => {
      await processing.jobs?.close();
      await output.disconnect();
      await task.close();
      rmSync(directory, { recursive: true });
    });

    /** Gives the records to process(), as the loop does, and finishes them. */
    async function process(records: readonly (readonly [deed: number, number: number])[]): Promise<void> {
      for (const [offset, record] of records.entries()) {
        const value = Buffer.from(JSON.stringify(record));
        processing.process(task, { topic: "numbers", partition: 0, offset, timestamp: 0, key: null, value });
        if (processing.jobs?.isFull) await processing.jobs.advance();
      }
      await processing.jobs?.settle();
    }

    it("gives every record its own result, in their order", async () => {
      const numbers = Array.from({ length: 90 }, (_, k) => k);
      await process(numbers.map((k) => [k % 9 === 0 ? Deed.addAfterWork : Deed.add, k]));
      assert.deepEqual(
        results,
        numbers.map((k) => k + 1),
      );
      assert.equal(task.positions.get("numbers"), 90);
    });

    it("names the record whose job fails, and what the job said", async () => {
      const records = [Deed.add, Deed.fail, Deed.add].map((deed, k) => [deed, k] as const);
      await assert.rejects(process(records), (error) => {
        assert.ok(error instanceof ProcessFailure);
        assert.deepEqual([error.task, error.place], [task, "numbers@1"]);
        assert.match(error.message, /expected another number than 1/);
        return true;
      });
      assert.deepEqual(results, [1]);
    });

    it("names the record whose result process() cannot use", async () => {
      const records = [1, 2, 100, 3].map((number) => [Deed.add, number] as const);
      await assert.rejects(process(records), (error) => {
        assert.ok(error instanceof ProcessFailure);
        assert.equal(error.place, "numbers@2");
        assert.match(error.message, /expected a small result, got 101/);
        return true;
      });
      assert.deepEqual(results, [2, 3]);
    });
  });
}
