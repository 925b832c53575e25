import assert from "node:assert/strict";
import { RecordJobs } from "../../../../shared/kernel/jobs/record-jobs.js";
import { Task } from "../../../../shared/kernel/task/task.js";
import { Deed, newAdder } from "../../../support/programs/deed-thread.js";
import { waitFor } from "../../../support/wait.js";

const SETTINGS = { added: 0.5 };
const WORK = {
  threads: () => 1,
  timeoutMs: () => 60_000,
  runner: () => newAdder(SETTINGS),
  module: new URL("../../../support/programs/deed-thread.js", import.meta.url),
};

describe("the heavy work of records", () => {
  it("completes a record whose job was done aside after those before it, whenever its result came", async () => {
    const jobs = new RecordJobs(WORK, SETTINGS as never, () => undefined);
    const task = new Task("adder", 0, ["t"]);
    const job = (offset: number) => ({
      numbers: Float64Array.of(Deed.addAfterWork, offset),
      parts: [0],
      origin: { task, place: { topic: "t", partition: 0, offset }, timestamp: undefined },
    });
    try {
      jobs.setAside(job(2));
      assert.ok(jobs.holds(job(2).origin.place));
      await waitFor("its result", () => jobs.takeReleased());
      const completed: number[] = [];
      for (let offset = 0; offset < 4; offset++) {
        if (jobs.isDone(job(offset).origin.place)) await jobs.settle();
        jobs.submit(job(offset), (outcome) => completed.push(outcome().numbers[0]));
        assert.equal(completed.length, offset < 2 ? 0 : 3);
      }
      await jobs.settle();
      assert.deepEqual(completed, [0.5, 1.5, 2.5, 3.5]);
    } finally {
      await jobs.close();
    }
  });
});
