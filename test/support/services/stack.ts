/** A broker of a test file's own and the services on it; everything ends with {@link Stack.close}. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../deploy/local/free-port.js";
import { groupTimeouts } from "../../../deploy/local/kafka-properties.js";
import { type KafkaCluster, startKafkaCluster } from "../kafka/kafka-cluster.js";
import { TcpProxy } from "../kafka/tcp-proxy.js";
import type { TestKafka } from "../kafka/test-broker.js";
import { localTestKafka, openTestKafka } from "../kafka/test-kafka.js";
import { RunningService } from "./service-runner.js";

/**
 * A dead member is dropped after 3 s, and its transaction aborted within a second of its timeout: takeovers do not dominate the
 * tests.
 */
const quickTakeover = {
  ...groupTimeouts(3000, 500),
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
};

type StackOptions = LocalStackOptions | ContainerStackOptions | ClusterStackOptions;

interface AnyStackOptions {
  /** Broker properties that add to the tests' own. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** The broker is a container where one can be run, as {@link openTestKafka} decides. */
interface ContainerStackOptions extends AnyStackOptions {
  readonly container: true;
  readonly proxied?: false;
  readonly cluster?: undefined;
  readonly libraries?: undefined;
}

/** The broker is a process of this machine. */
interface LocalStackOptions extends AnyStackOptions {
  readonly container?: false;
  /** Whether services reach the broker through {@link Stack.proxy} only; tests themselves never do. */
  readonly proxied?: boolean;
  readonly cluster?: undefined;
  /** Folder of the jars of another Kafka; see {@link fetchKafkaVersion}. */
  readonly libraries?: string;
}

/** Brokers and their controller are processes of this machine. */
interface ClusterStackOptions extends AnyStackOptions {
  readonly container?: false;
  readonly proxied?: false;
  /**
   * Number of brokers beside a controller that is a process of its own and stays when they die. By default one node is both.
   * Killed, it comes back before its controller knows that it was gone, and sends the markers of decided transactions to itself.
   * Fenced by the controller meanwhile, it drops them: what those transactions wrote is never readable, nor is any record after it.
   */
  readonly cluster: number;
  readonly libraries?: undefined;
}

/** What is there once a stack is open. */
interface Opened extends KafkaCluster {
  readonly directory: string;
  readonly proxy?: TcpProxy;
}

/**
 * A stack that is open while the tests of the `describe` block run that this is called in: its hooks are the first of the block.
 */
export function stackFor(options: StackOptions = {}): Stack {
  const stack = new Stack(options);
  before(() => stack.open());
  after(() => stack.close());
  return stack;
}

/** As {@link stackFor}, with brokers and folders of its own for each test. */
export function stackForEach(options: StackOptions = {}): Stack {
  const stack = new Stack(options);
  beforeEach(() => stack.open());
  afterEach(() => stack.close());
  return stack;
}

export class Stack {
  readonly #options: StackOptions;
  readonly #services: RunningService[] = [];
  #opened: Opened | undefined;
  #starts = 0;

  /** Not open yet: see {@link open}. */
  constructor(options: StackOptions = {}) {
    this.#options = options;
  }

  /** One that is open. */
  static async open(options: StackOptions = {}): Promise<Stack> {
    const stack = new Stack(options);
    await stack.open();
    return stack;
  }

  /** Starts the brokers, and the proxy where there is to be one. */
  async open(): Promise<void> {
    const { properties: added = {}, container = false, proxied = false, cluster, libraries } = this.#options;
    const directory = mkdtempSync(join(tmpdir(), "regatta-test-"));
    const properties = { ...quickTakeover, ...added };
    if (cluster !== undefined) {
      this.#opened = { directory, ...(await startKafkaCluster(directory, cluster, properties)) };
      return;
    }
    const ports = proxied ? await portsWithProxy() : undefined;
    const kafka = await (container ? openTestKafka : localTestKafka)({
      directory: join(directory, "kafka"),
      ...(ports === undefined ? {} : { port: ports.port, controllerPort: ports.controllerPort }),
      ...(libraries === undefined ? {} : { libraries }),
      properties: { ...(ports === undefined ? {} : listenersWithProxy(ports)), ...properties },
    });
    this.#opened = {
      directory,
      nodes: [kafka],
      close: () => kafka.close(),
      ...(ports === undefined ? {} : { proxy: await TcpProxy.listen(ports.proxy, ports.broker) }),
    };
  }

  get #open(): Opened {
    if (this.#opened === undefined) throw new Error("expected the stack to be open: it is so in hooks and tests alone");
    return this.#opened;
  }

  get directory(): string {
    return this.#open.directory;
  }

  /** The brokers: one, or those of a cluster. */
  get nodes(): readonly TestKafka[] {
    return this.#open.nodes;
  }

  get controller(): KafkaCluster["controller"] {
    return this.#open.controller;
  }

  /** @throws {Error} the stack was opened without one */
  get proxy(): TcpProxy {
    const { proxy } = this.#open;
    if (proxy === undefined) throw new Error("expected a stack with a proxy: open it with { proxied: true }");
    return proxy;
  }

  /** The only broker, or the first of a cluster. */
  get kafka(): TestKafka {
    return this.nodes[0];
  }

  get brokers(): string {
    return this.nodes.map(({ brokers }) => brokers).join(",");
  }

  get #serviceBrokers(): string {
    const { proxy } = this.#open;
    return proxy === undefined ? this.brokers : `127.0.0.1:${proxy.port}`;
  }

  get stateDirectory(): string {
    return join(this.directory, "state");
  }

  /** Starts one more process of a service on this stack; see {@link RunningService.start}. */
  start(
    name: string,
    environment: Readonly<Record<string, string>> = {},
    launcher: readonly string[] = [],
  ): RunningService {
    const service = RunningService.start(
      name,
      { KAFKA_BROKERS: this.#serviceBrokers, STATE_DIR: this.stateDirectory, ...environment },
      join(this.directory, "log", `${name}-${this.#starts++}.log`),
      launcher,
    );
    this.#services.push(service);
    return service;
  }

  /** Every process that was started, the ended ones too. */
  get services(): readonly RunningService[] {
    return this.#services;
  }

  /** Ends all processes; the folder stays where REGATTA_TEST_KEEP names a reason to look at it. */
  async close(): Promise<void> {
    for (const service of this.#services) if (service.running) await service.kill();
    if (this.#opened === undefined) return;
    const { directory, proxy, close } = this.#opened;
    this.#opened = undefined;
    this.#services.length = 0;
    await proxy?.close();
    await close();
    if (process.env.REGATTA_TEST_KEEP === undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function portsWithProxy() {
  const [port, controllerPort, broker, proxy] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  return { port, controllerPort, broker, proxy };
}

/** A second listener that names the proxy as its address: what a client learns from the broker leads through the proxy too. */
function listenersWithProxy(ports: Awaited<ReturnType<typeof portsWithProxy>>) {
  const broker = `PLAINTEXT://127.0.0.1:${ports.port}`;
  return {
    listeners: `${broker},PROXIED://127.0.0.1:${ports.broker},CONTROLLER://127.0.0.1:${ports.controllerPort}`,
    "advertised.listeners": `${broker},PROXIED://127.0.0.1:${ports.proxy}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
  };
}
