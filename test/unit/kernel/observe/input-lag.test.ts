import assert from "node:assert/strict";
import { consumerStatistics } from "../../../../shared/kafka/consumer-statistics.js";
import { Lag } from "../../../../shared/kernel/observe/input-lag.js";

const TOPIC = "observations";

describe("lag", () => {
  /** What librdkafka would say at `atMs`. */
  const see = (lag: Lag, atMs: number, end: number, low = 0) =>
    lag.onStatistics(
      consumerStatistics(
        JSON.stringify({
          topics: { [TOPIC]: { partitions: { 0: { ls_offset: end, lo_offset: low, hi_offset: end } } } },
        }),
      ).logs,
      atMs,
    );
  const of = (lag: Lag, position: number | undefined, nowMs: number, recordTimestampMs?: number) => {
    const found = lag.of(TOPIC, 0, position, recordTimestampMs, nowMs);
    return found === undefined ? undefined : [found.position, found.records, found.seconds];
  };

  it("is not known before the partition's end is", () => {
    const lag = new Lag();
    assert.equal(of(lag, 5, 0), undefined);
    see(lag, 0, -1001);
    assert.equal(of(lag, 5, 0), undefined);
  });

  it("is 0 where all is processed, also past an end that is out of date", () => {
    const lag = new Lag();
    see(lag, 1000, 10);
    assert.deepEqual(of(lag, 10, 60_000), [10, 0, 0]);
    assert.deepEqual(of(lag, 12, 60_000), [12, 0, 0]);
  });

  it("is as old as the first record that is not processed, however sparse the records before it", () => {
    const lag = new Lag();
    see(lag, 0, 10);
    see(lag, 3_600_000, 11);
    see(lag, 3_602_000, 15);
    assert.deepEqual(of(lag, 10, 3_605_000, 0), [10, 5, 5]);
    assert.deepEqual(of(lag, 11, 3_605_000, 0), [11, 4, 3]);
    assert.deepEqual(of(lag, 13, 3_605_000, 0), [13, 2, 3]);
  });

  it("of a backlog that was there before is dated by the record processed last", () => {
    const lag = new Lag();
    see(lag, 100_000, 1000);
    assert.deepEqual(of(lag, 10, 102_000), [10, 990, 2]);
    assert.deepEqual(of(lag, 500, 102_000, 42_000), [500, 500, 60]);
    // A clock ahead of ours makes no lag younger than what was seen.
    assert.deepEqual(of(lag, 500, 102_000, 999_000), [500, 500, 2]);
  });

  it("of a partition that was never read counts from the first record that the broker still has", () => {
    const lag = new Lag();
    see(lag, 0, 1000, 400);
    assert.deepEqual(of(lag, undefined, 7000), [400, 600, 7]);
  });

  it("keeps the beginning of a backlog that lasts", () => {
    const lag = new Lag();
    const looks = 4000;
    for (let k = 0; k < looks; k++) see(lag, k * 2000, 10 + k);
    const [, records, seconds = 0] = of(lag, 10, looks * 2000) ?? [];
    assert.equal(records, looks - 1);
    const age = looks * 2 - 2;
    assert.ok(seconds <= age && seconds >= 0.97 * age, `${seconds}`);
    // Once it is gone, the next one is dated as finely as the first.
    of(lag, 9 + looks, looks * 2000);
    see(lag, 50_000_000, 10 + looks);
    see(lag, 50_002_000, 11 + looks);
    assert.deepEqual(of(lag, 10 + looks, 50_003_000), [10 + looks, 1, 1]);
  });

  it("begins anew for a partition that was away and comes back", () => {
    const lag = new Lag();
    see(lag, 0, 10);
    lag.onStatistics([], 60_000);
    assert.equal(of(lag, 5, 60_000), undefined);
    see(lag, 120_000, 7);
    assert.deepEqual(of(lag, 5, 121_000), [5, 2, 1]);
  });
});
