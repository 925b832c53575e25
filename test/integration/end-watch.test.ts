import assert from "node:assert/strict";
import { EndWatch, type Stage } from "../../deploy/local/end-watch.js";
import { Admin } from "../../shared/kafka/admin.js";
import { Producer } from "../../shared/kafka/producer.js";
import { positionAt } from "../../shared/kafka/topic-partition.js";
import { clientOptions, createTopic, setPosition, topicEnd } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

describe("the watch for the end of a race", function () {
  this.timeout(120_000);
  const stack = stackFor();
  let admin: Admin;
  let producer: Producer;

  before(async () => {
    admin = new Admin(clientOptions(stack.brokers));
    producer = await Producer.connect(clientOptions(stack.brokers), {
      transactionalId: "writer",
      recordBytesMax: 1_000_000,
    });
    await producer.initTransactions();
  });

  after(async () => {
    await producer.disconnect();
    await admin.disconnect();
  });

  const watch = (...stages: Stage[]) => new EndWatch(clientOptions(stack.brokers), admin, stages);
  const reached = (name: string, position: number) =>
    setPosition(stack.brokers, `${name}-group`, { topic: name, partition: 0, position: positionAt(position) });

  async function write(topic: string, count: number): Promise<void> {
    await producer.begin();
    for (let k = 0; k < count; k++) assert.ok(producer.produce(topic, 0, Buffer.from("s"), Buffer.from(String(k))));
    await producer.flush();
  }

  it("is not over while the group has not read the last record, and is when only a marker is left", async () => {
    await createTopic(stack.brokers, "marked", 2);
    await write("marked", 3);
    await producer.commitTransaction();
    await waitFor("the marker", async () => (await topicEnd(stack.brokers, "marked")) === 4);
    const end = watch({ groups: ["marked-group"], topics: ["marked"] });
    assert.equal(await end.reached(), false);
    await reached("marked", 2);
    assert.equal(await end.reached(), false);
    await reached("marked", 3);
    assert.equal(await end.reached(), true);
  });

  it("waits for an open transaction, and passes over its records once they are aborted", async () => {
    await createTopic(stack.brokers, "aborted", 1);
    await write("aborted", 1);
    await producer.commitTransaction();
    await reached("aborted", 1);
    await write("aborted", 500);
    const end = watch({ groups: ["aborted-group"], topics: ["aborted"] });
    assert.equal(await end.reached(), false);
    await producer.abortTransaction();
    await waitFor("the end", () => end.reached());
  });

  it("looks at a stage only once the stage before is over, and waits for topics that are not there yet", async () => {
    await createTopic(stack.brokers, "first", 1);
    await write("first", 1);
    await producer.commitTransaction();
    const end = watch({ groups: ["first-group"], topics: ["first"] }, { groups: [], topics: ["last"] });
    assert.equal(await end.reached(), false);
    await reached("first", 1);
    assert.equal(await end.reached(), false);
    await createTopic(stack.brokers, "last", 1);
    assert.equal(await end.reached(), true);
  });

  it("asks every group of a stage, and one that has committed nothing has all before it", async () => {
    await createTopic(stack.brokers, "shared", 1);
    await write("shared", 2);
    await producer.commitTransaction();
    const end = watch({ groups: ["shared-group", "late-group"], topics: ["shared"] });
    await reached("shared", 2);
    assert.equal(await end.reached(), false);
    await setPosition(stack.brokers, "late-group", { topic: "shared", partition: 0, position: positionAt(2) });
    assert.equal(await end.reached(), true);
  });
});
