import assert from "node:assert/strict";
import type { PageUpdate, ServiceHealth } from "../../deploy/page/messages.js";
import { Admin } from "../../shared/kafka/admin.js";
import { KafkaCode } from "../../shared/kafka/kafka-error.js";
import { clientOptions } from "../support/kafka/kafka-topics.js";
import { openToldBroker, type ToldAnswers, type ToldBroker } from "../support/kafka/told-broker.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { waitFor } from "../support/wait.js";

const GROUP = "regatta-rls-racer";
/** As the client that npm has. */
const LISTING = { NODE_OPTIONS: `--import=${new URL("../support/programs/listing-client.js", import.meta.url).href}` };

describe("groups that a broker does not tell", function () {
  this.timeout(120_000);
  let broker: ToldBroker | undefined;
  let page: RunningCommand | undefined;

  afterEach(async () => {
    page?.signal("SIGTERM");
    await page?.ended();
    await broker?.close();
    broker = undefined;
    page = undefined;
  });

  /** Health of rls-racer, as the page of a cluster tells it when it is known. */
  async function pageHealth(answers: ToldAnswers, environment: Readonly<Record<string, string>> = {}) {
    broker = await openToldBroker(answers);
    page = RunningCommand.start("page", ["--port", "0"], { KAFKA_BROKERS: broker.brokers, ...environment });
    await page.said("stdout", "the race is shown at http");
    const [, url] = /shown at (\S+)/.exec(page.stdout) ?? [];
    return waitFor("health", async () => (await newest(url)).find(({ name }) => name === "rls-racer"));
  }

  async function newest(url: string | undefined): Promise<readonly ServiceHealth[]> {
    let text = "";
    for await (const chunk of (await fetch(`${url}events`)).body ?? []) {
      text += Buffer.from(chunk).toString("utf8");
      const [, data] = /^data: ?(.*)\n\n/m.exec(text) ?? [];
      if (data !== undefined) return (JSON.parse(data) as PageUpdate).services ?? [];
    }
    return [];
  }

  it("are not known to the page, which says why, where a right is missing", async () => {
    const { state } = await pageHealth({ groupError: KafkaCode.GROUP_AUTHORIZATION_FAILED });
    assert.match(state, /^not known: describe group regatta-rls-racer: .*Give the service's user Read on the group/);
  });

  it("are only listed by the client that npm has, which would not outlive an answer", async () => {
    const answers = { groupError: KafkaCode.GROUP_AUTHORIZATION_FAILED, listed: [GROUP] };
    const health = await pageHealth(answers, LISTING);
    assert.deepEqual(health, { name: "rls-racer", state: "rebalancing", recordsPerSecond: null, lagRecords: null });
    assert.equal(broker?.groupQuestions, 0);
  });

  it("are an error, or none where the group is not there", async () => {
    for (const [groupError, told] of [
      [KafkaCode.GROUP_AUTHORIZATION_FAILED, { code: KafkaCode.GROUP_AUTHORIZATION_FAILED }],
      [KafkaCode.GROUP_ID_NOT_FOUND, undefined],
    ] as const) {
      broker = await openToldBroker({ groupError });
      const admin = new Admin(clientOptions(broker.brokers));
      const asked = admin.members(GROUP);
      if (told === undefined) assert.equal(await asked, 0);
      else await assert.rejects(asked, told);
      await admin.disconnect();
      await broker.close();
      broker = undefined;
    }
  });

  it("are an error as well where another broker has become the coordinator while positions are asked for", async () => {
    broker = await openToldBroker({ positionsError: KafkaCode.NOT_COORDINATOR });
    const admin = new Admin(clientOptions(broker.brokers));
    await assert.rejects(admin.positions(GROUP), { code: KafkaCode.NOT_COORDINATOR });
    await admin.disconnect();
  });
});
