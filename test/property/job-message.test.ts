import assert from "node:assert/strict";
import fc from "fast-check";
import { newProgress, packArrays, packJobs, readProgress, serveJobs, unpackArrays } from "../../shared/job-message.js";
import { holds } from "../support/property.js";

const arrays = fc.array(fc.float64Array({ maxLength: 40 }), { maxLength: 20 });

describe("arrays packed for another thread", () => {
  it("are the same arrays when they are unpacked, double for double", () => {
    holds(
      fc.property(arrays, (given) => {
        assert.deepEqual(unpackArrays(packArrays(given)), given);
      }),
    );
  });

  const jobs = fc.array(
    fc.record({ numbers: fc.float64Array({ maxLength: 40 }), parts: fc.uniqueArray(fc.nat(63), { maxLength: 5 }) }),
    { maxLength: 20 },
  );

  it("come back as a number of each part of each job, up to the first job that fails, and tell where they are", () => {
    holds(
      fc.property(jobs, fc.nat(20), (given, failing) => {
        const progress = newProgress();
        let steps = 0;
        const serve = serveJobs(() => (job, part) => {
          const place = readProgress(progress);
          assert.deepEqual([place.steps, place.part], [++steps, part]);
          assert.deepEqual(job, given[place.job].numbers);
          if (place.job === failing) throw new Error("no");
          return 2 * part;
        });
        const { results, failure } = serve({ packed: packJobs(given), progress });
        const fails = given.findIndex(({ parts }, job) => job === failing && parts.length > 0);
        const done = fails === -1 ? given : given.slice(0, fails);
        assert.deepEqual(
          unpackArrays(results),
          done.map(({ parts }) => Float64Array.from(parts, (part) => 2 * part)),
        );
        assert.equal(failure?.message, fails === -1 ? undefined : "no");
        assert.equal(readProgress(progress).steps, 0);
      }),
    );
  });
});
