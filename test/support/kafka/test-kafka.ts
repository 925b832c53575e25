/**
 * A Kafka of a test's own: a container of the official image, or a process of this machine. REGATTA_TEST_KAFKA says which:
 * `auto` (the default) takes the container where one can be run, `container` and `local` leave no choice.
 */
import { type LocalKafkaOptions, startLocalKafka } from "../../../deploy/local/local-kafka.js";
import { missingContainers, startKafkaContainer } from "./kafka-container.js";
import type { TestKafka, TestKafkaOptions } from "./test-broker.js";

/**
 * For a broker that a test kills or has taken for dead: it is back 4 s sooner, and is taken for dead after 2 s. Other tests are
 * better off with the patience of a local run, so that a machine that is busy for a moment stages no fault of its own.
 */
export const QUICK_RESTART = { "broker.session.timeout.ms": "2000" } as const;

/** Which Kafka tests get, and the reason in words. */
export interface TestKafkaChoice {
  readonly kind: "container" | "local";
  readonly reason: string;
}

/**
 * Decides which Kafka tests get.
 * @param wish    what REGATTA_TEST_KAFKA says
 * @param missing says why no container can be run; undefined where one can
 * @throws {Error} another wish than auto, container and local; a container is wished for and none can be run
 */
export async function chooseTestKafka(
  wish = process.env.REGATTA_TEST_KAFKA ?? "auto",
  missing: () => Promise<string | undefined> = missingContainers,
): Promise<TestKafkaChoice> {
  if (wish === "local") return { kind: "local", reason: "REGATTA_TEST_KAFKA is local" };
  if (wish !== "auto" && wish !== "container") {
    throw new Error(`expected REGATTA_TEST_KAFKA to be auto, container or local, got "${wish}"`);
  }
  const lack = await missing();
  if (lack === undefined) return { kind: "container", reason: "a Docker engine answers" };
  if (wish === "auto") return { kind: "local", reason: lack };
  throw new Error(`REGATTA_TEST_KAFKA is container, but ${lack}; with auto or local a process of this machine is used`);
}

/**
 * Opens the Kafka that {@link chooseTestKafka} decides for, and prints which and why.
 * @throws {Error} as {@link chooseTestKafka}, {@link startKafkaContainer} and {@link startLocalKafka} do
 */
export async function openTestKafka(options: TestKafkaOptions): Promise<TestKafka> {
  const { kind, reason } = await chooseTestKafka();
  console.log(`      Kafka is a ${kind === "container" ? "container" : "process of this machine"}: ${reason}.`);
  return kind === "container" ? startKafkaContainer(options) : localTestKafka(options);
}

/** A process of this machine. @throws {Error} as {@link startLocalKafka} does */
export async function localTestKafka(
  options: TestKafkaOptions & Pick<LocalKafkaOptions, "libraries">,
): Promise<TestKafka> {
  const kafka = await startLocalKafka(options);
  return {
    brokers: kafka.brokers,
    stop: () => kafka.stop(),
    kill: () => kafka.kill(),
    restart: () => kafka.restart(),
    pause: () => kafka.pause(),
    resume: async () => kafka.resume(),
    close: () => kafka.kill(),
  };
}
