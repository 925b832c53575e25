/**
 * One Apache Kafka broker in a container: the image of docker-compose.yml with the properties of the local process.
 *
 * What must hold:
 * - it is reached from this machine alone: its port is published on 127.0.0.1 and nowhere else
 * - its address does not change: the port is picked before the container is made, since the broker tells it to its clients
 * - no container stays behind: it goes when it is closed, when a signal ends the tests, and by Ryuk's hand (testcontainers' own
 *   container for that) when they are killed; with TESTCONTAINERS_RYUK_DISABLED=true there is nobody for the last
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  getReaper,
  ImageName,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import { parse } from "yaml";
import { z } from "zod";
import { freePort } from "../../../deploy/local/free-port.js";
import { brokerProperties } from "../../../deploy/local/kafka-properties.js";
import { newClusterId } from "../../../deploy/local/local-kafka.js";
import { messageOf } from "../../../shared/errors.js";
import type { TestKafka, TestKafkaOptions } from "./test-broker.js";

const COMPOSE_FILE = fileURLToPath(new URL("../../../../docker-compose.yml", import.meta.url));
const DATA_DIRECTORY = "/var/lib/kafka/data";
/** Inside the container, which has its own ports. */
const CONTROLLER_PORT = 9093;
const START_TIMEOUT_MS = 120_000;
/** Then the engine kills it; the log is safe without a stop. */
const STOP_TIMEOUT_S = 30;
const MEMORY_GIB = 1;
const LOG_TAIL_LINES = 20;
/** What the engine answers where there is no such container, and where it is being removed. */
const GONE = [404, 409];

/** A container as the engine's own interface has it. */
type Handle = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

const composeSchema = z.object({ services: z.object({ kafka: z.object({ image: z.string() }) }) });

/** The image of Kafka in docker-compose.yml. */
function kafkaImage(): string {
  return composeSchema.parse(parse(readFileSync(COMPOSE_FILE, "utf8"))).services.kafka.image;
}

/**
 * Why Kafka cannot be run in a container here, in words; undefined where it can. Images that are not here are pulled.
 * @example "no Docker engine answers: Could not find a working container runtime strategy"
 */
export async function missingContainers(): Promise<string | undefined> {
  const image = kafkaImage();
  let lack = "no Docker engine answers";
  try {
    const client = await getContainerRuntimeClient();
    lack = `the Docker engine has no ${image} and cannot pull it`;
    await client.image.pull(ImageName.fromString(image));
    lack = "Ryuk does not start; TESTCONTAINERS_RYUK_DISABLED=true goes without";
    await getReaper(client);
    return undefined;
  } catch (error) {
    return `${lack}: ${messageOf(error).trim()}`;
  }
}

/**
 * Starts a broker in a container and waits until it answers.
 * @throws {Error} it did not start, with the end of its log
 */
export async function startKafkaContainer(options: TestKafkaOptions): Promise<KafkaContainer> {
  const { port = await freePort(), clusterId, properties } = options;
  const client = await getContainerRuntimeClient();
  const name = `regatta-test-kafka-${port}`;
  const handle = client.container.getById(name);
  const guard = new SignalGuard(handle);
  const logTail: string[] = [];
  const image = kafkaImage();
  try {
    const started = await new LoopbackContainer(image)
      .withName(name)
      .withExposedPorts({ container: port, host: port })
      .withEnvironment({
        CLUSTER_ID: clusterId ?? newClusterId(),
        KAFKA_HEAP_OPTS: "-Xmx512m",
        ...environmentOf(
          brokerProperties(
            { dataDirectory: DATA_DIRECTORY, port, controllerPort: CONTROLLER_PORT },
            { listeners: `PLAINTEXT://:${port},CONTROLLER://127.0.0.1:${CONTROLLER_PORT}`, ...properties },
          ),
        ),
      })
      .withDroppedCapabilities("ALL")
      .withSecurityOpt("no-new-privileges:true")
      .withResourcesQuota({ memory: MEMORY_GIB })
      .withLogConsumer((stream) =>
        stream.on("data", (text) => {
          logTail.push(...String(text).trimEnd().split("\n"));
          logTail.splice(0, logTail.length - LOG_TAIL_LINES);
        }),
      )
      .withWaitStrategy(Wait.forLogMessage("Kafka Server started"))
      .withStartupTimeout(START_TIMEOUT_MS)
      .start();
    return new KafkaContainer(started, client.container.getById(started.getId()), guard, port);
  } catch (error) {
    await removed(handle);
    guard.release();
    throw new Error(`${image} did not start in a container. The end of its log:\n${logTail.join("\n")}`, {
      cause: error,
    });
  }
}

export class KafkaContainer implements TestKafka {
  readonly brokers: string;
  readonly #started: StartedTestContainer;
  readonly #handle: Handle;
  readonly #guard: SignalGuard;

  constructor(started: StartedTestContainer, handle: Handle, guard: SignalGuard, port: number) {
    this.brokers = `127.0.0.1:${port}`;
    this.#started = started;
    this.#handle = handle;
    this.#guard = guard;
  }

  /** The engine's id of it. */
  get id(): string {
    return this.#handle.id;
  }

  async stop(): Promise<void> {
    if (await this.#runsAwake()) await this.#handle.stop({ t: STOP_TIMEOUT_S });
  }

  async kill(): Promise<void> {
    if (!(await this.#runsAwake())) return;
    await this.#handle.kill();
    await this.#handle.wait();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#started.restart();
  }

  async pause(): Promise<void> {
    await this.#handle.pause();
  }

  async resume(): Promise<void> {
    await this.#handle.unpause();
  }

  async close(): Promise<void> {
    await removed(this.#handle);
    this.#guard.release();
  }

  /** Whether it runs; where it is paused it is woken, since the engine signals no paused container. */
  async #runsAwake(): Promise<boolean> {
    const { Running: running, Paused: paused } = (await this.#handle.inspect()).State;
    if (paused) await this.#handle.unpause();
    return running;
  }
}

/** Publishes its ports on 127.0.0.1 alone; by default they are open to the network. */
class LoopbackContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    const bindings: Readonly<Record<string, readonly object[]>> = this.hostConfig.PortBindings;
    this.hostConfig.PortBindings = Object.fromEntries(
      Object.entries(bindings).map(([port, hosts]) => [port, hosts.map((host) => ({ ...host, HostIp: "127.0.0.1" }))]),
    );
  }
}

/** Takes a container away when a signal ends the tests, which runs no hook of theirs. */
class SignalGuard {
  readonly #onSignal: (signal: NodeJS.Signals) => Promise<void>;

  constructor(handle: Handle) {
    this.#onSignal = async (signal) => {
      try {
        await removed(handle);
      } finally {
        process.kill(process.pid, signal);
      }
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, this.#onSignal);
  }

  release(): void {
    process.off("SIGINT", this.#onSignal).off("SIGTERM", this.#onSignal);
  }
}

/** With its volumes, running or not. It may go already: testcontainers removes one that did not become ready. */
async function removed(handle: Handle): Promise<void> {
  try {
    await handle.remove({ force: true, v: true });
  } catch (error) {
    if (!(error instanceof Error && "statusCode" in error && GONE.includes(Number(error.statusCode)))) throw error;
  }
}

/** Properties as the image takes them: `log.dirs` is KAFKA_LOG_DIRS. */
function environmentOf(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll(".", "_")}`, value]),
  );
}
