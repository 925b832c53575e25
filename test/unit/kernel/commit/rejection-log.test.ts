import assert from "node:assert/strict";
import pino from "pino";
import { RejectionLog } from "../../../../shared/kernel/commit/rejection-log.js";

describe("the log of rejected records", () => {
  const lines: { reason: string; offset: number; records?: number }[] = [];
  const timers: (() => void)[] = [];
  let log: RejectionLog;

  beforeEach(() => {
    lines.length = 0;
    timers.length = 0;
    const logger = pino({ level: "warn" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    log = new RejectionLog(logger, (_, run) => void timers.push(run));
  });
  const reject = (reason: string, count: number) => {
    for (let offset = 0; offset < count; offset++) log.add({ reason, offset });
  };
  /** A minute passes. */
  const minute = () => {
    for (const run of timers.splice(0)) run();
  };

  it("has a line for the first five of a reason, and one a minute for any number of the rest", () => {
    reject("arity", 100_000);
    assert.deepEqual(
      lines.map(({ offset }) => offset),
      [0, 1, 2, 3, 4],
    );
    minute();
    assert.equal(lines.length, 6);
    assert.deepEqual({ records: lines[5].records, offset: lines[5].offset }, { records: 99_995, offset: 99_999 });
    reject("arity", 7);
    minute();
    assert.equal(lines.length, 7);
    assert.equal(lines[6].records, 7);
  });

  it("tells of another reason all the same", () => {
    reject("arity", 1000);
    reject("no-key", 1);
    assert.equal(lines.at(-1)?.reason, "no-key");
  });

  it("has lines again after a minute without any", () => {
    reject("arity", 6);
    minute();
    minute();
    reject("arity", 1);
    assert.deepEqual({ lines: lines.length, records: lines.at(-1)?.records }, { lines: 7, records: undefined });
  });

  it("leaves nothing untold when it is closed", () => {
    reject("arity", 9);
    log.close();
    log.close();
    assert.equal(lines.length, 6);
    assert.equal(lines[5].records, 4);
  });
});
