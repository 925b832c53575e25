import assert from "node:assert/strict";
import { LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { Producer } from "../../shared/kafka/producer.js";
import { clientOptions, createTopic, topicEnd } from "../support/kafka/kafka-topics.js";
import { WholeRace } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** After this time the broker ends the other producer's transaction. */
const HANGING_MS = 10_000;
/** Longer than those of the race's own producer take on a busy machine. */
const TRANSACTION_TIMEOUT = { TRANSACTION_TIMEOUT_MS: "6000" };
const PARTITION = 0;
const STANDS_STILL = "input stands still at an open transaction of its writer";
const GOES_ON = "input goes on";

describe("a transaction that another producer leaves open on an input topic", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    await createTopic(stack.brokers, LINEAR_TOPIC, 4);
  });

  it("holds its partition up, is told of in log and metric, and when the broker has ended it everything behind it is exact", async () => {
    const race = WholeRace.start(stack, { environment: TRANSACTION_TIMEOUT });
    await race.progress();
    const deserializer = race.get("deserializer");
    const options = clientOptions(stack.brokers);
    const other = await Producer.connect(
      { ...options, settings: { ...options.settings, transactionTimeoutMs: HANGING_MS } },
      { transactionalId: "another-application", recordBytesMax: 1_000_000 },
    );
    try {
      await other.initTransactions();
      await other.begin();
      const before = await topicEnd(stack.brokers, LINEAR_TOPIC);
      assert.ok(other.produce(LINEAR_TOPIC, PARTITION, Buffer.from("never"), Buffer.from("[0, 1, 2]")));

      const line = await deserializer.logged(STANDS_STILL);
      assert.deepEqual([line.topic, line.partition], [LINEAR_TOPIC, PARTITION]);
      const labels = { topic: LINEAR_TOPIC, partition: String(PARTITION) };
      assert.ok((await deserializer.metric("regatta_input_unstable_records", labels)) > 0);
      // The other partitions are not concerned.
      assert.ok((await topicEnd(stack.brokers, LINEAR_TOPIC)) > before);
      await race.progress();

      await deserializer.logged(GOES_ON);
      await waitFor(
        "nothing to be held up",
        async () => (await deserializer.metric("regatta_consumer_lag_records", labels)) < 100,
      );
      for (const text of [STANDS_STILL, GOES_ON])
        assert.equal(deserializer.lines.filter(({ msg }) => msg === text).length, 1, text);
    } finally {
      await other.disconnect();
    }
    race.assertAllRun();
    await race.finish();
  });
});
