import assert from "node:assert/strict";
import { DEAD_LETTERS_TOPIC, LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { judge } from "../support/judge/verdict.js";
import {
  createTopic,
  headersOf,
  type RawRecord,
  readTopic,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const HOUR_MS = 3_600_000;
/** Lets records of any time in; those of Kafka 4 are at most an hour ahead otherwise. */
const ANY_TIME = { "message.timestamp.after.max.ms": "9223372036854775807" };

describe("raw records that come twice, late, or from the future", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, 4, ANY_TIME);
  });

  it("are processed in the order of their offsets, and counted: a repeat, a gap, a step back", async () => {
    const steps = [0, 1, 1, 5, 3];
    await writeRecords(
      stack.brokers,
      steps.map((i) => record("s1", i)),
    );
    const services = [stack.start("deserializer"), stack.start("rls-racer")];
    // What came twice is learned once.
    await waitForRecords(stack.brokers, "rls-predictions", 2 * (steps.length - 1));
    for (const counter of ["repeats", "gaps", "steps_back"]) {
      assert.equal(await services[0].metric(`regatta_series_${counter}_total`), 1, counter);
    }
    assert.ok((await judge(stack.brokers)).equal);
    for (const service of services) assert.equal(await service.stop(), 0);
  });

  it("stamped two hours ahead pass, good and bad, with the time of processing on what comes of them", async () => {
    const services = [stack.start("deserializer"), stack.start("rls-racer")];
    const ahead = Date.now() + 2 * HOUR_MS;
    await writeRecords(stack.brokers, [
      record("s2", 0),
      { ...record("s2", 1), timestamp: ahead },
      { topic: LINEAR_TOPIC, key: "s2", value: "no observation", timestamp: ahead },
      record("s2", 2),
    ]);
    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, 1);
    assert.ok((await judge(stack.brokers)).equal);
    const [letter] = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    assert.equal(headersOf(letter).timestamp, String(ahead));
    for (const { timestamp } of [letter, ...(await readTopic(stack.brokers, `${LINEAR_TOPIC}.observations`))]) {
      assert.ok((timestamp ?? 0) < ahead - HOUR_MS);
    }
    assert.equal(await services[0].metric("regatta_timestamps_ahead_total"), 2);
    assert.equal(await services[0].metric("regatta_input_timestamp_ahead_seconds"), 0);
    await writeRecords(stack.brokers, [{ ...record("s2", 3), timestamp: ahead }]);
    const secondsAhead = () => services[0].metric("regatta_input_timestamp_ahead_seconds");
    await waitFor("the gauge to tell of it", async () => (await secondsAhead()) > HOUR_MS / 1000);
    for (const service of services) {
      assert.equal(await service.metric("regatta_aborts_total"), 0);
      assert.equal(await service.stop(), 0);
    }
  });
});

function record(series: string, i: number): RawRecord {
  return { topic: LINEAR_TOPIC, key: series, value: `[${i}, ${Math.sin(i)}, ${Math.cos(i)}]` };
}
