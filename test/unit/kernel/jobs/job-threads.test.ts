import assert from "node:assert/strict";
import { JobThreads, LongJobError, ThreadError } from "../../../../shared/kernel/jobs/job-threads.js";
import { Deed, newAdder } from "../../../support/programs/deed-thread.js";
import { seededRandom } from "../../../support/seed.js";

const MODULE = new URL("../../../support/programs/deed-thread.js", import.meta.url);
const SETTINGS = { added: 0.5 };
/** The looping jobs of these tests are ended after it; the others take far less. */
const PATIENCE_MS = 1000;

describe("worker threads of the kernel", () => {
  let threads: JobThreads<number>;

  beforeEach(() => {
    threads = new JobThreads({ module: MODULE, count: 3, settings: SETTINGS, onDeath: () => undefined }, PATIENCE_MS);
  });
  afterEach(async () => {
    await threads.close();
  });

  /** Submits jobs; what each gave is added to the list, in the order of completion. */
  function submit(jobs: readonly (readonly [deed: number, number: number])[]): { job: number; result: number }[] {
    const completed: { job: number; result: number }[] = [];
    for (const [job, numbers] of jobs.entries()) {
      threads.submit({ numbers: Float64Array.from(numbers), parts: [0], origin: job }, (outcome) =>
        completed.push({ job, result: outcome().numbers[0] }),
      );
    }
    return completed;
  }

  it("complete jobs in the order in which they came, however long each takes, with what one thread gives at once", async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    const jobs = Array.from(
      { length: 300 },
      () => [random() < 0.1 ? Deed.addAfterWork : Deed.add, random() - 0.5] as const,
    );
    const runner = newAdder(SETTINGS);
    const expected = jobs.map((job, k) => ({ job: k, result: runner(Float64Array.from(job), 0) }));
    const completed: { job: number; result: number }[] = [];
    let chunks = 0;
    for (const [job, numbers] of jobs.entries()) {
      threads.submit({ numbers: Float64Array.from(numbers), parts: [0], origin: job }, (outcome) =>
        completed.push({ job, result: outcome().numbers[0] }),
      );
      if (!threads.isFull) continue;
      await threads.advance();
      chunks++;
      // The chunk just sent may still be at work; of those before it all are done.
      assert.equal(completed.length, (chunks - 1) * 24);
    }
    await threads.settle();
    assert.deepEqual(completed, expected);
  });

  it("are full by the size of the jobs too", () => {
    assert.equal(threads.isFull, false);
    threads.submit({ numbers: new Float64Array(2 ** 20), parts: [], origin: 0 }, () => undefined);
    assert.equal(threads.isFull, true);
  });

  it("hand the error of a job to its completion, after the jobs before it", async () => {
    const completed = submit([
      [Deed.add, 1],
      [Deed.add, 2],
      [Deed.fail, 3],
      [Deed.add, 4],
    ]);
    await assert.rejects(threads.settle(), /expected another number than 3/);
    assert.deepEqual(completed, [
      { job: 0, result: 1.5 },
      { job: 1, result: 2.5 },
    ]);
    await threads.discard();
    assert.deepEqual(await resultsAgain(), [10.5]);
  });

  it("stop at a completion that throws, and complete nothing of what was discarded", async () => {
    const seen: number[] = [];
    for (let job = 0; job < 6; job++) {
      threads.submit({ numbers: Float64Array.of(Deed.addAfterWork, job), parts: [0], origin: job }, () => {
        if (job === 1) throw new Error("refused");
        seen.push(job);
      });
      await threads.advance().catch(({ message }) => assert.equal(message, "refused"));
    }
    const before = seen.length;
    await threads.discard();
    await threads.settle();
    assert.equal(seen.length, before);
    assert.ok(!seen.includes(5), "the last was still at work when it was discarded");
  });

  it("fail what a dying thread had in hand, and go on with another in its place", async () => {
    for (let death = 0; death < 4; death++) {
      const completed = submit([
        [Deed.die, 0],
        [Deed.add, 1],
      ]);
      await assert.rejects(threads.settle(), ThreadError);
      assert.deepEqual(completed, []);
      await threads.discard();
      assert.deepEqual(await resultsAgain(), [10.5]);
    }
  });

  for (const [what, deed] of [
    ["script", Deed.hang],
    ["WebAssembly", Deed.hangInWasm],
  ] as const) {
    it(`name the job that loops without an end in ${what}, end its thread and go on`, async () => {
      const completed = submit([
        [Deed.add, 1],
        [deed, 2],
        [Deed.add, 3],
      ]);
      const settled = threads.settle();
      assert.equal(
        threads.unfinished((job) => job > 0),
        1,
      );
      await assert.rejects(settled, (error) => {
        assert.ok(error instanceof LongJobError);
        assert.deepEqual([error.job.origin, [...error.job.numbers]], [1, [deed, 2]]);
        return true;
      });
      assert.deepEqual(completed, [{ job: 0, result: 1.5 }]);
      await threads.discard();
      assert.equal(
        threads.unfinished(() => true),
        undefined,
      );
      assert.deepEqual(await resultsAgain(), [10.5]);
    });
  }

  it("wait for work that takes longer than their patience as long as it goes on", async () => {
    const parts = Array.from({ length: 250 }, () => 0);
    let numbers: Float64Array | undefined;
    threads.submit({ numbers: Float64Array.of(Deed.addAfterWork, 1), parts, origin: 0 }, (outcome) => {
      numbers = outcome().numbers;
    });
    const began = performance.now();
    await threads.settle();
    assert.deepEqual(
      numbers,
      Float64Array.from(parts, () => 1.5),
    );
    console.log(`      ${Math.round(performance.now() - began)} ms of work`);
  });

  it("end in the middle of a job that would never end", async () => {
    submit([[Deed.hang, 0]]);
    await threads.advance();
    await threads.close();
    await assert.rejects(threads.settle(), ThreadError);
  });

  async function resultsAgain(): Promise<number[]> {
    const completed = submit([[Deed.add, 10]]);
    await threads.settle();
    return completed.map(({ result }) => result);
  }
});
