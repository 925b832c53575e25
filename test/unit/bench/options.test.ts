import assert from "node:assert/strict";
import { parseBenchOptions, USAGE } from "../../bench/options.js";

describe("the command line of the bench", () => {
  it("names sections in any order, and means all of them where it names none", () => {
    assert.deepEqual(parseBenchOptions(["restart", "throughput"]).sections, ["throughput", "restart"]);
    assert.ok(parseBenchOptions([]).sections.length > 5);
  });

  it("takes records, runs and flags", () => {
    const { records, runs, full, withPeers, resume } = parseBenchOptions(
      "--records 2000 --runs 1 --without-peers --resume".split(" "),
    );
    assert.deepEqual(
      { records, runs, full, withPeers, resume },
      { records: 2000, runs: 1, full: false, withPeers: false, resume: true },
    );
    assert.ok(parseBenchOptions([]).full);
  });

  it("refuses what it does not know, with what it does", () => {
    assert.throws(() => parseBenchOptions(["growht"]), /throughput.*growth.*growht/);
    assert.throws(() => parseBenchOptions(["--records", "many"]), /--records of 100 or more, got many/);
    assert.throws(() => parseBenchOptions(["--runs", "0"]), /--runs of 1 or more/);
    assert.match(USAGE, /--resume.*--compare.*--without-peers/s);
  });
});
