import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { freePort } from "../../deploy/local/free-port.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { addPartitions, createTopic, deleteTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

describe("what cannot work", function () {
  this.timeout(300_000);
  const stack = stackFor();

  it("in the settings is reported all at once, and ends the process with 78 before it connects", async () => {
    const service = stack.start("rls-racer", {
      KAFKA_BROKERS: "nonsense",
      RLS_MODELS: "a:1.5,a:0.9",
      COMMIT_INTERVAL_MS: "soon",
      PROCESSING_GUARANTEE: "perhaps",
      KAFKA_CONF_ENABLE_AUTO_COMMIT: "true",
    });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    const faults = JSON.stringify(service.lines);
    for (const name of [
      "KAFKA_BROKERS",
      "RLS_MODELS",
      "COMMIT_INTERVAL_MS",
      "PROCESSING_GUARANTEE",
      "KAFKA_CONF_ENABLE_AUTO_COMMIT",
    ]) {
      assert.ok(faults.includes(name), `${name} is not named in ${faults}`);
    }
    assert.equal(service.lines.length, 1);
  });

  it("in settings that each could be right, and never are together, is reported all at once, and ends the process with 78", async () => {
    const service = stack.start("rls-racer", {
      RLS_MODELS: "d:1e-320",
      INPUT_TOPICS: "rls-predictions,dead-letters,elsewhere",
      COMMIT_INTERVAL_MS: "10000",
      KAFKA_CONF_ACKS: "1",
      KAFKA_CONF_LINGER_MS: "9000",
      KAFKA_CONF_AUTO_OFFSET_RESET: "latest",
    });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.equal(service.lines.length, 1);
    const faults = service.lines[0].faults as string[];
    for (const fault of [
      /^RLS_MODELS=d:1e-320: "1e-320" is not a forgetting factor of d/,
      /^INPUT_TOPICS: rls-predictions is written by this service itself/,
      /^INPUT_TOPICS: dead-letters is written by this service itself/,
      /^COMMIT_INTERVAL_MS=10000 is not below TRANSACTION_TIMEOUT_MS, 10000/,
      /^KAFKA_CONF_AUTO_OFFSET_RESET: auto.offset.reset is set by the kernel/,
      /^KAFKA_CONF_ACKS=1: expected all/,
      /^KAFKA_CONF_LINGER_MS=9000: expected less than 9000/,
    ]) {
      assert.equal(faults.filter((text) => fault.test(text)).length, 1, `${fault} in ${JSON.stringify(faults)}`);
    }
    assert.equal(faults.length, 7);

    const chain = stack.start("deserializer", { INPUT_TOPICS: "a,a.observations" });
    assert.equal(await chain.exited(), EXIT_CONFIGURATION);
    assert.match(
      JSON.stringify(chain.lines[0].faults),
      /^\["INPUT_TOPICS: a.observations is written by this service itself[^,]*, [^"]*"\]$/,
    );
  });

  it("in the models is reported all at once, with what only several settings together show, and ends the process with 78", async () => {
    const models = "rf:n_estimators=0,svm,lin";
    const service = stack.start("ml-racer", {
      ML_MODELS: models,
      ML_THREADS: "many",
      KAFKA_BROKERS: "nonsense",
      WINDOW_LENGTH: "30",
      TRAIN_LENGTH: "31",
    });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.equal(service.lines.length, 1);
    assert.deepEqual(service.lines[0].faults, [
      "KAFKA_BROKERS=nonsense: expected host:port, or several separated by commas, with ports from 1 to 65535 and addresses of IPv6 in brackets",
      `ML_MODELS=${models}: rf: expected n_estimators to be an integer from 1 to 10000, got "0"`,
      `ML_MODELS=${models}: expected a model of rf, lin, gb, ridge, knn, tree, last, mean, holt, sgd, rls, got "svm"`,
      "ML_THREADS=many: expected auto or a whole number from 1 to 64",
      "TRAIN_LENGTH=31: expected the train length to be at most the window length of 30, got 31",
    ]);
  });

  it("in the client's properties is named, and ends the process with 78", async () => {
    const service = stack.start("deserializer", { KAFKA_CONF_NO_SUCH_THING: "1" });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(JSON.stringify(service.lines), /no\.such\.thing/);
  });

  it("because another process has the HTTP port, or the address is not this machine's, is named with the setting to change, and ends with 1", async () => {
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as AddressInfo;
    const second = stack.start("rls-racer", { HTTP_PORT: String(port) });
    assert.equal(await second.exited(), 1);
    const expected = `HTTP_PORT=${port}: another process serves at 127.0.0.1:${port}; end it, or set another port`;
    assert.ok(JSON.stringify(second.lines).includes(expected), JSON.stringify(second.lines));
    taken.close();

    const elsewhere = stack.start("rls-racer", { HTTP_HOST: "192.0.2.1", HTTP_PORT: "0" });
    assert.equal(await elsewhere.exited(), 1);
    assert.match(JSON.stringify(elsewhere.lines), /HTTP_HOST=192\.0\.2\.1, HTTP_PORT=0: nothing can be served there/);
  });

  it("because the broker is away is waited for: live, not ready, and a stop still ends it", async () => {
    const port = await freePort();
    const service = stack.start("rls-racer", { KAFKA_BROKERS: `127.0.0.1:${port}` });
    await service.logged("waiting for Kafka");
    assert.equal((await service.get("/live")).status, 200);
    const { status, text } = await service.get("/ready");
    assert.equal(status, 503);
    assert.match(text, /waiting for Kafka at 127\.0\.0\.1/);
    assert.equal(await service.stop(), 0);
  });

  it("because an input topic is missing is waited for, and goes on when it is made", async () => {
    const service = stack.start("rls-racer", { INPUT_TOPICS: "late.observations", APPLICATION_ID: "late" });
    await service.logged("waiting for topics that do not exist");
    assert.match((await service.get("/ready")).text, /late\.observations/);
    await createTopic(stack.brokers, "late.observations", 3);
    await service.ready(3);
    assert.equal(await service.stop(), 0);
  });

  it("because a changelog has another number of partitions than the input is refused with both numbers and 78", async () => {
    await createTopic(stack.brokers, "narrow.observations", 3);
    await createTopic(stack.brokers, "wrong-rls-racer-race-changelog", 2, { "cleanup.policy": "compact" });
    const service = stack.start("rls-racer", { INPUT_TOPICS: "narrow.observations", APPLICATION_ID: "wrong" });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(
      service.lines.at(-1)?.msg ?? "",
      /narrow\.observations has 3 partitions, but the changelogs of rls-racer have 2/,
    );
  });

  it("because a changelog is not compacted is refused with the policy that it needs and 78", async () => {
    await createTopic(stack.brokers, "kept.observations", 2);
    await createTopic(stack.brokers, "kept-rls-racer-race-changelog", 2, { "cleanup.policy": "delete" });
    const service = stack.start("rls-racer", { INPUT_TOPICS: "kept.observations", APPLICATION_ID: "kept" });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(service.lines.at(-1)?.msg ?? "", /kept-rls-racer-race-changelog is not compacted.*cleanup\.policy/);
  });

  it("because two inputs differ in partitions is refused with both numbers and 78", async () => {
    await createTopic(stack.brokers, "wide.observations", 5);
    const service = stack.start("rls-racer", {
      INPUT_TOPICS: "narrow.observations,wide.observations",
      APPLICATION_ID: "two",
    });
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(service.lines.at(-1)?.msg ?? "", /narrow\.observations has 3.*wide\.observations has 5/);
  });

  for (const protocol of ["consumer", "cooperative-sticky"]) {
    it(`because an input topic gets partitions among which series move is refused with both numbers and 78: ${protocol}`, async () => {
      const topic = `grown-${protocol}.observations`;
      await createTopic(stack.brokers, topic, 2);
      const service = stack.start("rls-racer", {
        INPUT_TOPICS: topic,
        APPLICATION_ID: `grown-${protocol}`,
        GROUP_PROTOCOL: protocol,
        KAFKA_CONF_TOPIC_METADATA_REFRESH_INTERVAL_MS: "500",
      });
      await service.ready(2);
      await addPartitions(stack.brokers, topic, 3);
      assert.equal(await service.exited(), EXIT_CONFIGURATION);
      assert.match(
        service.lines.at(-1)?.msg ?? "",
        /grown-.* has 3 partitions, but the changelogs of rls-racer have 2.*npm run repartition -- rls-racer/,
      );
    });

    it(`does not come of twice the partitions while it is read: what was added is told and left unread: ${protocol}`, async () => {
      const topic = `doubled-${protocol}.observations`;
      await createTopic(stack.brokers, topic, 2);
      const observation = (partition: number) => ({
        topic,
        partition,
        key: `s${partition}`,
        value: JSON.stringify({ topic: "t", series: `s${partition}`, i: 0, y: 1, x: [1] }),
      });
      const service = stack.start("rls-racer", {
        INPUT_TOPICS: topic,
        APPLICATION_ID: `doubled-${protocol}`,
        GROUP_PROTOCOL: protocol,
        KAFKA_CONF_TOPIC_METADATA_REFRESH_INTERVAL_MS: "500",
      });
      await service.ready(2);
      // There is state to move; without any the changelog would only have to be deleted.
      await writeRecords(stack.brokers, [0, 1].map(observation));
      const consumed = (count: number) => async () =>
        (await service.metric("regatta_records_consumed_total")) === count;
      await waitFor("the first two", consumed(2));
      await addPartitions(stack.brokers, topic, 4);
      await waitFor("the notice", async () => (await service.metric("regatta_input_partitions_unread")) === 2);
      await waitFor("the assignment", async () => (await service.metric("regatta_rebalances_total")) > 1);
      await writeRecords(stack.brokers, [0, 1, 2, 3].map(observation));
      await waitFor("those of the partitions it has", consumed(4));
      await service.ready(2);
      assert.equal(await service.stop(), 0);
      const next = stack.start("rls-racer", {
        INPUT_TOPICS: topic,
        APPLICATION_ID: `doubled-${protocol}`,
        GROUP_PROTOCOL: protocol,
      });
      await next.ready(2);
      await waitFor("the notice", async () => (await next.metric("regatta_input_partitions_unread")) === 2);
      assert.equal(await next.metric("regatta_records_consumed_total"), 0);
      assert.equal(await next.stop(), 0);
    });
  }

  it("because somebody gave the changelog of the producer partitions is refused, since its series would begin anew", async () => {
    const environment = {
      APPLICATION_ID: "source",
      TOPIC_PARTITIONS: "2",
      PRODUCER_TOPICS: "sourced:linear",
      RATE: "100",
    };
    const first = stack.start("producer", environment);
    await waitFor("records", async () => (await first.metric("regatta_records_produced_total")) > 0);
    assert.equal(await first.stop(), 0);
    await addPartitions(stack.brokers, "source-producer-counters-changelog", 3);
    const second = stack.start("producer", environment);
    assert.equal(await second.exited(), EXIT_CONFIGURATION);
    assert.match(
      second.lines.at(-1)?.msg ?? "",
      /was written with 2 tasks, but changelog source-producer-.* has 3 partitions now/,
    );
  });

  it("because an input topic was deleted and made again under known state is refused, with both ids", async () => {
    const environment = { INPUT_TOPICS: "remade.observations", APPLICATION_ID: "remade" };
    await createTopic(stack.brokers, "remade.observations", 2);
    const first = stack.start("rls-racer", environment);
    await first.ready(2);
    assert.equal(await first.stop(), 0);
    await deleteTopic(stack.brokers, "remade.observations");
    await createTopic(stack.brokers, "remade.observations", 2);
    const second = stack.start("rls-racer", environment);
    assert.equal(await second.exited(), EXIT_CONFIGURATION);
    assert.match(second.lines.at(-1)?.msg ?? "", /remade\.observations with id .* deleted and made again/);
  });

  it("does not end a service that loses its broker for a while", async () => {
    await createTopic(stack.brokers, "steady.observations", 2);
    const service = stack.start("rls-racer", { INPUT_TOPICS: "steady.observations", APPLICATION_ID: "steady" });
    await service.ready(2);
    await stack.kafka.kill();
    await service.logged("client error");
    await stack.kafka.restart();
    await waitFor("the service to be ready again", async () => (await service.get("/ready")).status === 200);
    assert.ok(service.running);
    assert.equal(await service.stop(), 0);
  });
});
