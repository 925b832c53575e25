import assert from "node:assert/strict";
import { join } from "node:path";
import { deserializer } from "../../services/deserializer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { assertCountersFollow, judge } from "../support/judge/verdict.js";
import { fetchKafkaVersion, librariesOf } from "../support/kafka/kafka-versions.js";
import { long } from "../support/long.js";
import { type Stack, stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SERIES = 8;
const TASKS = 4;
/** By which a service knows of a death as soon as by the brokers' own of the consumer protocol. */
const CLASSIC = { GROUP_PROTOCOL: "cooperative-sticky", SESSION_TIMEOUT_MS: "3000" };
/** From the oldest on that is supported. Those between it and the middle, and those after, are for a long run. */
const VERSIONS = [
  { version: "3.9.2", consumerProtocol: false, always: true },
  { version: "4.0.2", consumerProtocol: true, always: false },
  { version: "4.1.2", consumerProtocol: true, always: true },
  { version: "4.2.2", consumerProtocol: true, always: false },
  { version: "4.4.0", consumerProtocol: true, always: false },
] as const;

describe("Kafka of another version", function () {
  this.timeout(600_000);
  for (const { version, consumerProtocol, always } of VERSIONS) {
    (always || long ? describe : describe.skip)(version, () => {
      before(async function () {
        const lack = await fetchKafkaVersion(version);
        if (lack === undefined) return;
        console.log(`    Skipped: ${lack}`);
        this.skip();
      });

      describe("as brokers", () => {
        const stack = stackFor({ libraries: librariesOf(version) });

        it(`races exactly once, with a SIGKILL and a takeover, by ${consumerProtocol ? "both protocols" : "the classic protocol"}`, () =>
          raceWithTakeover(stack, consumerProtocol ? {} : CLASSIC));

        if (consumerProtocol) return;
        it("is refused by a service that is left with its default protocol, in one line that says what helps", async () => {
          const racer = stack.start("rls-racer", { APPLICATION_ID: "default" });
          assert.equal(await racer.exited(), EXIT_CONFIGURATION);
          const told = racer.lines.filter(({ level }) => level === "fatal");
          assert.equal(told.length, 1);
          assert.match(
            told[0].msg ?? "",
            /expected brokers of Kafka 4\.0 or newer, got an older one at 127\.0\.0\.1:\d+/,
          );
          assert.match(told[0].msg ?? "", /Set GROUP_PROTOCOL=cooperative-sticky in all instances/);
        });
      });
    });
  }
});

/** Two hosts share rls-racer's tasks; the one that runs some is killed for good. The estimator is a classic member always. */
async function raceWithTakeover(stack: Stack, protocol: Readonly<Record<string, string>>): Promise<void> {
  const producer = stack.start("producer", { ...protocol, SERIES: String(SERIES), RATE: "200", SEED: "5" });
  const others = [stack.start("deserializer", protocol), stack.start("stateful-estimator", CLASSIC)];
  const onHost = (host: string) =>
    stack.start("rls-racer", { ...protocol, INSTANCE_ID: host, STATE_DIR: join(stack.directory, host) });
  const [victim, heir] = [onHost("a"), onHost("b")];
  const tasks = (of: typeof heir) => of.metric("regatta_tasks", { state: "running" });
  const consumed = (of: typeof heir) => of.metric("regatta_records_consumed_total");
  await waitFor("both hosts to race", async () => {
    const counts = await Promise.all([victim, heir].flatMap((of) => [tasks(of), consumed(of)]));
    return counts.every((count) => count > 0);
  });
  await victim.kill();
  await heir.ready(TASKS);
  assert.ok((await heir.metric("regatta_restored_records_total")) > 0);
  const before = await Promise.all([heir, ...others].map(consumed));
  await waitFor("every service to go on", async () => {
    const now = await Promise.all([heir, ...others].map(consumed));
    return now.every((count, at) => count > before[at] + 200);
  });
  assert.equal(await producer.stop(), 0);
  assert.ok((await judge(stack.brokers, [deserializer, statefulEstimator, rlsRacer])).equal);
  console.log(`      ${await assertCountersFollow(stack.brokers, SERIES)} raw records, each once and in order`);
  for (const service of [...others, heir]) assert.equal(await service.stop(), 0);
}
