import assert from "node:assert/strict";
import fc from "fast-check";
import { packArrays, serveJobs, unpackArrays } from "../../shared/job-message.js";
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

  it("come back as one result a job, up to the first job that fails", () => {
    holds(
      fc.property(arrays, fc.nat(20), (given, failing) => {
        let calls = 0;
        const serve = serveJobs(() => (job) => {
          if (calls++ === failing) throw new Error("no");
          return job.map((number) => 2 * number);
        });
        const { results, failure } = serve(packArrays(given));
        const expected = given.slice(0, failing).map((job) => job.map((number) => 2 * number));
        assert.deepEqual(unpackArrays(results), expected);
        assert.equal(failure?.message, given.length > failing ? "no" : undefined);
      }),
    );
  });
});
