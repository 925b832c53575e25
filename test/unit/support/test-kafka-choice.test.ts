import assert from "node:assert/strict";
import { chooseTestKafka } from "../../support/kafka/test-kafka.js";

const engine = async () => undefined;
const noEngine = async () => "no Docker engine answers (no socket)";

describe("the Kafka of tests", () => {
  it("is a container where one can be run, and else a process, for the reason that is told", async () => {
    assert.deepEqual(await chooseTestKafka("auto", engine), { kind: "container", reason: "a Docker engine answers" });
    assert.deepEqual(await chooseTestKafka("auto", noEngine), {
      kind: "local",
      reason: "no Docker engine answers (no socket)",
    });
  });

  it("is a process where that is wished for, whatever engine there is, which is not asked", async () => {
    const asked = () => assert.fail("the engine was asked");
    assert.deepEqual(await chooseTestKafka("local", asked), { kind: "local", reason: "REGATTA_TEST_KAFKA is local" });
  });

  it("is never a process where a container is wished for: without an engine tests fail with what is missing", async () => {
    assert.equal((await chooseTestKafka("container", engine)).kind, "container");
    await assert.rejects(
      chooseTestKafka("container", noEngine),
      /REGATTA_TEST_KAFKA is container, but no Docker engine/,
    );
  });

  it("is refused by another name, with the names that there are", async () => {
    for (const wish of ["docker", "", "Auto"])
      await assert.rejects(
        chooseTestKafka(wish, engine),
        new Error(`expected REGATTA_TEST_KAFKA to be auto, container or local, got "${wish}"`),
      );
  });
});
