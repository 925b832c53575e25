import assert from "node:assert/strict";
import { freePort } from "../../deploy/local/free-port.js";
import type { PageUpdate, ServiceHealth } from "../../deploy/page/messages.js";
import { encodeObservation } from "../../shared/contract/schemas.js";
import { LINEAR_TOPIC, observationsTopic } from "../../shared/contract/topics.js";
import { createTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const OBSERVATIONS = observationsTopic(LINEAR_TOPIC).name;

describe("health of the services on the page", function () {
  this.timeout(180_000);
  const stack = stackFor();
  const settings = { INPUT_TOPICS: OBSERVATIONS };
  let written = 0;
  let command: RunningCommand | undefined;

  async function observe(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, k) => {
      const value = encodeObservation({ topic: LINEAR_TOPIC, series: "s", i: written + k, y: k, x: [k] });
      return { topic: OBSERVATIONS, partition: k % 2, key: "s", value };
    });
    written += count;
    await writeRecords(stack.brokers, records);
  }

  /** Starts the page; the newest health that it pushes. */
  async function startPage(...args: readonly string[]): Promise<() => Promise<readonly ServiceHealth[]>> {
    command = RunningCommand.start("page", ["--port", "0", ...args], { KAFKA_BROKERS: stack.brokers });
    await command.said("stdout", "the race is shown at http");
    const [, url] = /shown at (\S+)/.exec(command.stdout) ?? [];
    return async () => {
      const response = await fetch(`${url}events`);
      let text = "";
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString("utf8");
        const [, data] = /^data: ?(.*)\n\n/m.exec(text) ?? [];
        if (data === undefined) continue;
        return (JSON.parse(data) as PageUpdate).services ?? [];
      }
      return [];
    };
  }

  const waitForHealth = (
    health: () => Promise<readonly ServiceHealth[]>,
    what: string,
    holds: (service: ServiceHealth) => boolean,
  ) => waitFor(what, async () => (await health()).find((service) => holds(service)));

  before(() => createTopic(stack.brokers, OBSERVATIONS, 2));
  afterEach(async () => {
    command?.signal("SIGTERM");
    await command?.ended();
  });

  it("is told by Kafka alone: members, and the lag of each topic, of those too that are away", async () => {
    await observe(10);
    const first = stack.start("rls-racer", settings);
    await first.ready(2);
    const health = await startPage();
    const running = await waitForHealth(health, "no lag", ({ lagRecords }) => lagRecords === 0);
    const lags = [{ topic: OBSERVATIONS, records: 0 }];
    assert.deepEqual(running, {
      ...{ name: "rls-racer", state: "running", recordsPerSecond: null, lagRecords: 0, members: 1, lags },
    });
    // Nobody of the others has a group here.
    assert.equal((await health()).length, 1);

    const second = stack.start("rls-racer", { ...settings, INSTANCE_ID: "b", STATE_DIR: `${stack.directory}/b` });
    await second.ready(1);
    await waitForHealth(health, "two members", ({ members, state }) => members === 2 && state === "running");

    assert.equal(await first.stop(), 0);
    assert.equal(await second.stop(), 0);
    await observe(6);
    const away = await waitForHealth(health, "a lag", ({ members, lagRecords }) => members === 0 && lagRecords === 6);
    assert.deepEqual([away.state, away.lags], ["has no members", [{ topic: OBSERVATIONS, records: 6 }]]);
  });

  it("is told by the services that --services names and that answer, and by Kafka for the others", async () => {
    const service = stack.start("rls-racer", settings);
    await service.ready(2);
    const silent = `127.0.0.1:${await freePort()}`;
    const url = await service.url();
    const health = await startPage("--services", `${url},http://${silent}/`);
    const answered = await waitForHealth(health, "an answer", ({ state }) => state === "running");
    assert.equal(answered.name, "rls-racer");
    assert.equal(answered.lagRecords, 0);
    assert.equal(answered.members, undefined, "its own words");
    const names = async () => (await health()).map(({ name, state }) => [name, state]);
    assert.deepEqual(await names(), [
      ["rls-racer", "running"],
      [silent, "does not answer"],
    ]);

    await service.kill();
    await waitForHealth(health, "Kafka's word", ({ name, members }) => name === "rls-racer" && members !== undefined);
    assert.deepEqual((await names()).slice(0, 2), [
      [new URL(url).host, "does not answer"],
      [silent, "does not answer"],
    ]);
  });

  it("refuses an address that is none", async () => {
    command = RunningCommand.start("page", ["--services", "127.0.0.1:9464"], { KAFKA_BROKERS: stack.brokers });
    const { code, stderr } = await command.ended();
    assert.equal(code, 2);
    assert.match(stderr, /expected http:\/\/<host>:<port>, got 127\.0\.0\.1:9464/);
  });
});
