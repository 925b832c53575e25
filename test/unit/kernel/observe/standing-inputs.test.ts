import assert from "node:assert/strict";
import { STANDS_MAX_SECONDS, StandingInputs, type TaskLag } from "../../../../shared/kernel/observe/standing-inputs.js";
import { createLogger } from "../../../../shared/logger.js";

const logger = createLogger("test", "silent");

describe("an input that stands still", () => {
  let inputs: TaskLag[];
  let standing: StandingInputs;
  let nowMs = 0;

  beforeEach(() => {
    // Whole milliseconds, whose sums are exact.
    nowMs = Math.round(performance.now());
    standing = new StandingInputs(() => inputs, logger);
  });

  const input = (position: number, records: number, held = false): TaskLag => {
    return { task: "ml-racer/3", topic: "t", partition: 3, position, records, seconds: 0, held };
  };
  /** A look each second, and the sentences at the end. */
  const look = (seconds: number, at: TaskLag): readonly string[] => {
    inputs = [at];
    for (let k = 0; k < seconds; k++) {
      nowMs += 1000;
      standing.check(nowMs);
    }
    return standing.reasons;
  };

  it("is told of with its task, its record, for how long and why, once it has stood for longer than it may", () => {
    look(1, input(7, 0));
    assert.deepEqual(look(STANDS_MAX_SECONDS + 1, input(7, 2, true)), []);
    assert.deepEqual(look(1, input(7, 5, true)), [
      "task ml-racer/3 has stood at t[3]@7 for 11 s: the models of that record do not answer",
    ]);
    assert.deepEqual(look(1, input(7, 5)), ["task ml-racer/3 has stood at t[3]@7 for 12 s"]);
    assert.deepEqual(
      standing.all.map(({ task, standsSeconds }) => [task, standsSeconds]),
      [["ml-racer/3", 12]],
    );
    assert.deepEqual(look(1, input(8, 4)), [], "it goes on");
    assert.equal(standing.all[0].standsSeconds, 0);
  });

  it("is none while there is nothing to process, or its task is gone", () => {
    assert.deepEqual(look(60, input(7, 0)), []);
    look(20, input(7, 1));
    inputs = [];
    nowMs += 1000;
    standing.check(nowMs);
    assert.deepEqual(standing.all, []);
    assert.deepEqual(look(2, input(7, 1)), [], "nor is what comes back");
  });

  it("is none while those of another are processed, whose turn came first, unless it is held", () => {
    const other = (position: number): TaskLag => ({ ...input(position, 1000), task: "ml-racer/0", partition: 0 });
    const lookBeside = (seconds: number, at: TaskLag, first: number) => {
      for (let k = 0; k < seconds; k++) {
        inputs = [other(first + k), at];
        nowMs += 1000;
        standing.check(nowMs);
      }
      return standing.reasons;
    };
    assert.deepEqual(lookBeside(60, input(7, 5), 0), []);
    inputs = [other(59), input(7, 5)];
    for (let k = 0; k <= STANDS_MAX_SECONDS; k++) {
      nowMs += 1000;
      standing.check(nowMs);
    }
    assert.equal(standing.reasons.length, 2, "nothing moves any more");
    assert.deepEqual(lookBeside(2, input(7, 5), 100), []);
    assert.deepEqual(lookBeside(1, input(7, 5, true), 102), [
      "task ml-racer/3 has stood at t[3]@7 for 73 s: the models of that record do not answer",
    ]);
  });

  it("has not stood while the whole process was stopped", () => {
    look(5, input(7, 1));
    nowMs += 3_600_000;
    assert.deepEqual(look(1, input(7, 1)), []);
  });
});
