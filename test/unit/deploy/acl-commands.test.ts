import assert from "node:assert/strict";
import { aclCommand, topicCommand } from "../../../deploy/cli/acl-commands.js";
import { SERVICE_DEFINITIONS } from "../../../deploy/cli/definitions.js";
import { SERVICE_NAMES, type ServiceName } from "../../../services/names.js";
import { needsOf } from "../../../shared/needed-rights.js";

const BROKERS = "kafka:9093";

describe("the rights that a service needs", () => {
  const needs = (name: ServiceName, environment: Readonly<Record<string, string>> = {}, mayCreate = false) =>
    needsOf(SERVICE_DEFINITIONS[name], { KAFKA_BROKERS: BROKERS, ...environment }, mayCreate);
  /** Without what is the same in every line. */
  const aclsOf = (...args: Parameters<typeof needs>) =>
    needs(...args).rights.map((right) =>
      aclCommand("User:alice", BROKERS, right).replace(
        `kafka-acls.sh --bootstrap-server ${BROKERS} --command-config admin.properties --add --allow-principal 'User:alice' `,
        "",
      ),
    );

  it("are five: its inputs, its results, what is its own, its group and its transactions", () => {
    assert.deepEqual(aclsOf("rls-racer"), [
      "--operation Read --topic dataLinearModel.observations",
      "--operation Write --topic rls-predictions --topic rls-standings --topic rls-verdicts --topic rls-best --topic dead-letters",
      "--operation Read --operation Write --topic regatta-rls-racer- --resource-pattern-type prefixed",
      "--operation Read --group regatta-rls-racer",
      "--operation Write --transactional-id regatta-rls-racer- --resource-pattern-type prefixed",
    ]);
  });

  it("are none to read topics where it reads none", () => {
    assert.equal(
      aclsOf("producer")[0],
      "--operation Write --topic dataLinearModel --topic dataNonLinearModel --topic dead-letters",
    );
  });

  it("follow its settings", () => {
    const environment = { APPLICATION_ID: "mine", INPUT_TOPICS: "a.observations,b.observations", BEST: "off" };
    assert.deepEqual(aclsOf("rls-racer", environment).slice(0, 4), [
      "--operation Read --topic a.observations --topic b.observations",
      "--operation Write --topic rls-predictions --topic rls-standings --topic rls-verdicts --topic dead-letters",
      "--operation Read --operation Write --topic mine-rls-racer- --resource-pattern-type prefixed",
      "--operation Read --group mine-rls-racer",
    ]);
  });

  it("are those to make topics only where it is to make them", () => {
    for (const name of SERVICE_NAMES) {
      assert.ok(!aclsOf(name).some((line) => line.includes("Create")), name);
      const creating = aclsOf(name, {}, true).filter((line) => line.includes("--operation Create"));
      assert.equal(creating.length, 2, "its results, and what is its own");
      assert.ok(creating.every((line) => line.includes("--operation Write")));
    }
  });

  it("name a principal as one word, whatever is in it", () => {
    const [right] = needs("producer").rights;
    assert.match(
      aclCommand("User:CN=it's mine,O=a b", BROKERS, right),
      / --allow-principal 'User:CN=it'\\''s mine,O=a b' /,
    );
  });

  it("come with every topic that it writes, each with what the service itself would give it", () => {
    const format = { INPUT_FORMAT: "fields", INPUT_FEATURES: "x", INPUT_TARGET: "y", INPUT_SERIES: "s" };
    const { topics, inputs } = needs("deserializer", { INPUT_TOPICS: "raw", TOPIC_PARTITIONS: "8", ...format });
    assert.deepEqual(inputs, ["raw"]);
    assert.deepEqual(
      topics.map(({ name, partitions }) => [name, partitions]),
      [
        ["raw.observations", 8],
        ["dead-letters", 1],
        ["regatta-deserializer-series-changelog", "inputs"],
        ["regatta-deserializer-raw-by-series", "inputs"],
        ["regatta-deserializer-instances", 1],
      ],
    );
    const line = (name: string) => {
      const topic = topics.find((of) => of.name === name);
      assert.ok(topic);
      return topicCommand(BROKERS, topic, 6);
    };
    assert.match(line("regatta-deserializer-series-changelog"), / --partitions 6 .*--config cleanup\.policy=compact/);
    assert.match(line("raw.observations"), / --partitions 8 .*--config retention\.ms=-1/);
    assert.match(line("dead-letters"), / --config max\.message\.bytes=2162688/);
    assert.doesNotMatch(line("dead-letters"), /--replication-factor/);
  });
});
