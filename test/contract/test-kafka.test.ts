import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { getContainerRuntimeClient } from "testcontainers";
import { freePort } from "../../deploy/local/free-port.js";
import { Consumer } from "../../shared/kafka/consumer.js";
import { askCoordinator } from "../../shared/kafka/coordinator-wait.js";
import { positionAt } from "../../shared/kafka/topic-partition.js";
import { KafkaContainer, startKafkaContainer } from "../support/kafka/kafka-container.js";
import {
  clientOptions,
  createTopic,
  partitionsOf,
  readTopic,
  setPosition,
  waitForKafka,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { accepts } from "../support/kafka/listening.js";
import type { TestKafka, TestKafkaOptions } from "../support/kafka/test-broker.js";
import { chooseTestKafka, localTestKafka, QUICK_RESTART } from "../support/kafka/test-kafka.js";

const TOPIC = "kept";
const GROUP = "kept-group";
const RECORDS = 1000;
const PLACE = { topic: TOPIC, partition: 0 };
/** Kafka leaves it in its data at the end of a stop, and takes it away at a start. */
const CLEAN_END = ".kafka_cleanshutdown";

interface Subject {
  readonly kafka: TestKafka;
  /** Whether the broker, which has ended, came to the end of a stop. */
  endedCleanly(): Promise<boolean>;
}

async function local(options: TestKafkaOptions): Promise<Subject> {
  const kafka = await localTestKafka(options);
  return { kafka, endedCleanly: async () => existsSync(join(options.directory, "data", CLEAN_END)) };
}

async function contained(options: TestKafkaOptions): Promise<Subject> {
  const kafka = await startKafkaContainer(options);
  const { container } = await getContainerRuntimeClient();
  const handle = container.getById(kafka.id);
  return {
    kafka,
    endedCleanly: () =>
      handle.infoArchive({ path: `/var/lib/kafka/data/${CLEAN_END}` }).then(
        (answer) => {
          // Held open, an answer that is not read keeps this process.
          answer.resume();
          return true;
        },
        (error: { statusCode?: number }) => {
          if (error.statusCode === 404) return false;
          throw error;
        },
      ),
  };
}

const subjects: readonly [string, "local" | "container", (options: TestKafkaOptions) => Promise<Subject>][] = [
  ["a process of this machine", "local", local],
  ["a container", "container", contained],
];

for (const [name, kind, open] of subjects) {
  describe(`a Kafka for tests: ${name}`, function () {
    this.timeout(300_000);
    let directory: string;
    let subject: Subject | undefined;

    before(async function () {
      if (kind === "container") {
        const choice = await chooseTestKafka();
        if (choice.kind !== kind) {
          console.log(`      Skipped: ${choice.reason}. No Kafka was run in a container.`);
          this.skip();
        }
      }
      directory = mkdtempSync(join(tmpdir(), "regatta-test-kafka-"));
      subject = await open({ directory: join(directory, "kafka"), port: await freePort(), properties: QUICK_RESTART });
    });
    after(async () => {
      if (subject === undefined) return;
      const { brokers } = subject.kafka;
      await subject.kafka.close();
      assert.equal(await accepts("127.0.0.1", portOf(brokers)), false);
      rmSync(directory, { recursive: true, force: true });
    });

    const subjectOf = () => {
      assert.ok(subject);
      return subject;
    };
    const values = Array.from({ length: RECORDS }, (_, i) => `value ${i}`);
    const assertKept = async ({ brokers }: TestKafka) => {
      const position = await waitForKafka("the group's position", () => positionOf(brokers));
      assert.equal(position, RECORDS / 2);
      const kept = await waitForKafka("the topic", () => readTopic(brokers, TOPIC));
      assert.deepEqual(
        kept.map(({ value }) => String(value)),
        values,
      );
    };

    it("keeps records and group positions when it is killed and started again", async () => {
      const { kafka, endedCleanly } = subjectOf();
      await createTopic(kafka.brokers, TOPIC, 1);
      await writeRecords(
        kafka.brokers,
        values.map((value) => ({ topic: TOPIC, key: null, value })),
      );
      await setPosition(kafka.brokers, GROUP, { ...PLACE, position: positionAt(RECORDS / 2) });
      await kafka.kill();
      assert.equal(await endedCleanly(), false);
      await kafka.restart();
      await assertKept(kafka);
    });

    it("answers nobody while it is paused, and everybody after", async () => {
      const { kafka } = subjectOf();
      await kafka.pause();
      await assert.rejects(partitionsOf(kafka.brokers, TOPIC), /timed out/i);
      await kafka.resume();
      assert.equal(await waitForKafka("an answer", () => partitionsOf(kafka.brokers, TOPIC)), 1);
    });

    it("ends by itself when it is stopped, takes a second stop for nothing, and starts again with what it had", async () => {
      const { kafka, endedCleanly } = subjectOf();
      await kafka.stop();
      assert.equal(await endedCleanly(), true);
      assert.equal(await accepts("127.0.0.1", portOf(kafka.brokers)), false);
      await kafka.stop();
      await kafka.kill();
      await kafka.restart();
      await assertKept(kafka);
    });

    it("is killed and stopped while it is paused, too", async () => {
      const { kafka, endedCleanly } = subjectOf();
      await kafka.pause();
      await kafka.stop();
      assert.equal(await endedCleanly(), true);
      await kafka.restart();
      await kafka.pause();
      await kafka.kill();
      assert.equal(await endedCleanly(), false);
      await kafka.restart();
      await assertKept(kafka);
    });

    it("is reached at 127.0.0.1 alone", async () => {
      const port = portOf(subjectOf().kafka.brokers);
      assert.equal(await accepts("127.0.0.1", port), true);
      for (const address of ["127.0.0.2", ...otherAddresses()])
        assert.equal(await accepts(address, port), false, address);
    });

    if (kind === "container") {
      it("has no port but that one published, and no right that it does not need", async () => {
        const { kafka } = subjectOf();
        assert.ok(kafka instanceof KafkaContainer);
        const { container } = await getContainerRuntimeClient();
        const { HostConfig: rights, NetworkSettings: network } = await container.getById(kafka.id).inspect();
        const published = Object.values(network.Ports).flatMap((bindings) => bindings ?? []);
        assert.deepEqual(published, [{ HostIp: "127.0.0.1", HostPort: String(portOf(kafka.brokers)) }]);
        assert.deepEqual([rights.CapDrop, rights.SecurityOpt], [["ALL"], ["no-new-privileges:true"]]);
      });
    }
  });
}

const portOf = (brokers: string) => Number(brokers.split(":")[1]);

/** Addresses of this machine that others know. */
function otherAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => address);
}

async function positionOf(brokers: string): Promise<number | undefined> {
  const consumer = await Consumer.connect(clientOptions(brokers), GROUP);
  try {
    const [committed] = await askCoordinator(() => consumer.committed([PLACE]));
    return committed?.position;
  } finally {
    await consumer.disconnect();
  }
}
