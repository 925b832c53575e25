import assert from "node:assert/strict";
import { ThreadError } from "../../../../shared/kernel/jobs/job-threads.js";
import { LongJobs } from "../../../../shared/kernel/jobs/long-jobs.js";
import { Deed } from "../../../support/programs/deed-thread.js";
import { waitFor } from "../../../support/wait.js";

const MODULE = new URL("../../../support/programs/deed-thread.js", import.meta.url);
const OPTIONS = { module: MODULE, count: 2, settings: { added: 0.5 }, onDeath: () => undefined };
/** The looping jobs of these tests are ended after it; the others take far less. */
const LIMIT_MS = 1000;

const at = (offset: number, partition = 0) => ({ topic: "t", partition, offset });
const job = (deed: number, number: number, parts = [0]) => ({ numbers: Float64Array.of(deed, number), parts });

describe("jobs that take long", () => {
  let jobs: LongJobs;

  beforeEach(() => {
    jobs = new LongJobs(OPTIONS, LIMIT_MS);
  });
  afterEach(async () => {
    await jobs.close();
  });

  const released = () => waitFor("an outcome", () => jobs.takeNews());

  it("hold their record and those behind it in its partition until they are done, and no other", async () => {
    jobs.add(at(5), job(Deed.addAfterWork, 1));
    assert.deepEqual(
      [at(4), at(5), at(6), at(6, 1), { ...at(6), topic: "u" }].map((place) => jobs.holds(place)),
      [false, true, true, false, false],
    );
    assert.equal(jobs.outcomeOf(at(5), job(Deed.addAfterWork, 1)), undefined);
    await released();
    assert.deepEqual([jobs.holds(at(5)), jobs.hasUncommitted], [false, false]);
    assert.deepEqual(jobs.outcomeOf(at(5), job(Deed.addAfterWork, 1))?.(), { numbers: Float64Array.of(1.5), late: [] });
    assert.equal(jobs.outcomeOf(at(5), job(Deed.addAfterWork, 2)), undefined, "another job than it was");
    assert.equal(jobs.hasUncommitted, true);
    jobs.committed(at(0), 5);
    assert.notEqual(jobs.outcomeOf(at(5), job(Deed.addAfterWork, 1)), undefined, "its record is not committed");
    jobs.committed(at(0), 6);
    assert.equal(jobs.outcomeOf(at(5), job(Deed.addAfterWork, 1)), undefined);
    assert.equal(jobs.hasUncommitted, false);
  });

  it("are late with the parts that never end, and give the others' numbers", async () => {
    jobs.add(at(5), job(Deed.hang, 1, [2, 0, 3]));
    jobs.add(at(7, 1), job(Deed.hangInWasm, 1, [0, 4]));
    await released();
    await waitFor("both", () => jobs.heldFrom(at(0)) === undefined && jobs.heldFrom(at(0, 1)) === undefined);
    assert.deepEqual(jobs.outcomeOf(at(5), job(Deed.hang, 1, [2, 0, 3]))?.(), {
      numbers: Float64Array.of(2, Number.NaN, 3),
      late: [0],
    });
    assert.deepEqual(jobs.outcomeOf(at(7, 1), job(Deed.hangInWasm, 1, [0, 4]))?.(), {
      numbers: Float64Array.of(Number.NaN, 4),
      late: [0],
    });
  });

  it("throw what they threw", async () => {
    jobs.add(at(5), job(Deed.fail, 1));
    await released();
    assert.throws(() => jobs.outcomeOf(at(5), job(Deed.fail, 1))?.(), /expected another number than 1/);
  });

  it("tell once of a thread that died, and are then done by another", async () => {
    jobs.add(at(5), job(Deed.die, 1));
    await released();
    assert.throws(() => jobs.outcomeOf(at(5), job(Deed.die, 1))?.(), ThreadError);
    assert.equal(jobs.outcomeOf(at(5), job(Deed.die, 1)), undefined);
    jobs.add(at(5), job(Deed.add, 1));
    await released();
    assert.deepEqual(jobs.outcomeOf(at(5), job(Deed.add, 1))?.().numbers, Float64Array.of(1.5));
  });

  it("end with their partition", async () => {
    jobs.add(at(5), job(Deed.hang, 1));
    jobs.leave(at(0));
    assert.equal(jobs.holds(at(5)), false);
    jobs.add(at(5), job(Deed.add, 1));
    await waitFor("the next", () => jobs.heldFrom(at(0)) === undefined);
    assert.deepEqual(jobs.outcomeOf(at(5), job(Deed.add, 1))?.().numbers, Float64Array.of(1.5));
  });
});
