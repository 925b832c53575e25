/** A broker of a test file's own and the services on it; everything ends with {@link Stack.close}. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../deploy/local/free-port.js";
import { type KafkaCluster, startKafkaCluster } from "../kafka/kafka-cluster.js";
import { TcpProxy } from "../kafka/tcp-proxy.js";
import { localTestKafka, openTestKafka, type TestKafka } from "../kafka/test-kafka.js";
import { RunningService } from "./service-runner.js";

/** A dead member is dropped after this time. */
const SESSION_MS = "3000";

/** What a dead process held is free soon, its transaction within a second of its timeout: takeovers do not dominate the tests. */
const quickTakeover = {
  "group.consumer.session.timeout.ms": SESSION_MS,
  "group.consumer.min.session.timeout.ms": SESSION_MS,
  "group.consumer.heartbeat.interval.ms": "500",
  "group.consumer.min.heartbeat.interval.ms": "500",
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
}

/** The broker is a process of this machine. */
interface LocalStackOptions extends AnyStackOptions {
  readonly container?: false;
  /** Whether services reach the broker through {@link Stack.proxy} only; tests themselves never do. */
  readonly proxied?: boolean;
  readonly cluster?: undefined;
}

/** Brokers and their controller are processes of this machine. */
interface ClusterStackOptions extends AnyStackOptions {
  readonly container?: false;
  readonly proxied?: false;
  /**
   * Number of brokers beside a controller that is a process of its own and stays when they die. By default one node is both:
   * killed, it comes back before its controller knows that it was gone, tries to send the markers of decided transactions to
   * itself, is taken for dead meanwhile, and drops them: what those transactions wrote is never readable, nor is anything behind.
   */
  readonly cluster: number;
}

export class Stack {
  readonly directory: string;
  /** The brokers: one, or those of a cluster. */
  readonly nodes: readonly TestKafka[];
  readonly controller: KafkaCluster["controller"];
  readonly #proxy: TcpProxy | undefined;
  readonly #closeKafka: () => Promise<void>;
  readonly #services: RunningService[] = [];
  #starts = 0;

  private constructor(directory: string, { nodes, controller, close }: KafkaCluster, proxy: TcpProxy | undefined) {
    this.directory = directory;
    this.nodes = nodes;
    this.controller = controller;
    this.#closeKafka = close;
    this.#proxy = proxy;
  }

  static async open({
    properties: added = {},
    container = false,
    proxied = false,
    cluster,
  }: StackOptions = {}): Promise<Stack> {
    const directory = mkdtempSync(join(tmpdir(), "regatta-test-"));
    const properties = { ...quickTakeover, ...added };
    if (cluster !== undefined)
      return new Stack(directory, await startKafkaCluster(directory, cluster, properties), undefined);
    const port = await freePort();
    const controllerPort = await freePort();
    const [behindPort, proxyPort] = proxied ? [await freePort(), await freePort()] : [];
    const kafka = await (container ? openTestKafka : localTestKafka)({
      directory: join(directory, "kafka"),
      port,
      controllerPort,
      properties: {
        ...(behindPort === undefined ? {} : listenersWithProxy(port, controllerPort, behindPort, proxyPort)),
        ...properties,
      },
    });
    const proxy =
      behindPort === undefined || proxyPort === undefined ? undefined : await TcpProxy.listen(proxyPort, behindPort);
    return new Stack(directory, { nodes: [kafka], close: () => kafka.close() }, proxy);
  }

  /** @throws {Error} the stack was opened without one */
  get proxy(): TcpProxy {
    if (this.#proxy === undefined) throw new Error("expected a stack with a proxy: open it with { proxied: true }");
    return this.#proxy;
  }

  /** The only broker, or the first of a cluster. */
  get kafka(): TestKafka {
    return this.nodes[0];
  }

  get brokers(): string {
    return this.nodes.map(({ brokers }) => brokers).join(",");
  }

  get #serviceBrokers(): string {
    return this.#proxy === undefined ? this.brokers : `127.0.0.1:${this.#proxy.port}`;
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
    await this.#proxy?.close();
    await this.#closeKafka();
    if (process.env.REGATTA_TEST_KEEP === undefined) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A second listener that names the proxy as its address: a client that comes through the proxy stays behind it. */
function listenersWithProxy(port: number, controllerPort: number, behindPort: number, proxyPort: number | undefined) {
  const broker = `PLAINTEXT://127.0.0.1:${port}`;
  return {
    listeners: `${broker},PROXIED://127.0.0.1:${behindPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `${broker},PROXIED://127.0.0.1:${proxyPort}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
  };
}
