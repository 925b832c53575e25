/** A broker of a test file's own and the services on it; everything ends with {@link Stack.close}. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { type LocalKafka, newClusterId, startLocalKafka } from "../../deploy/local/local-kafka.js";
import { RunningService } from "./service-runner.js";
import { TcpProxy } from "./tcp-proxy.js";
import { localTestKafka, openTestKafka, type TestKafka } from "./test-kafka.js";

/** A dead member is dropped after this time, so that takeovers do not dominate the tests. */
const SESSION_MS = "3000";

export type StackOptions = LocalStackOptions | ContainerStackOptions;

interface AnyStackOptions {
  /** Broker properties that add to the tests' own. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** The broker is a container where one can be run, as {@link openTestKafka} decides. */
interface ContainerStackOptions extends AnyStackOptions {
  readonly container: true;
  readonly proxied?: false;
  readonly separateController?: false;
}

/** The broker is a process of this machine. */
interface LocalStackOptions extends AnyStackOptions {
  readonly container?: false;
  /** Whether services reach the broker through {@link Stack.proxy} only; tests themselves never do. */
  readonly proxied?: boolean;
  /**
   * Whether the controller is a process of its own, which stays when the broker dies, as in a cluster. Where the two are one, a
   * killed broker comes back before its controller knows that it was gone, tries to send the markers of decided transactions to
   * itself, is taken for dead meanwhile, and drops them: what those transactions wrote is never readable, nor is anything behind.
   */
  readonly separateController?: boolean;
}

const CONTROLLER_ID = "100";

export class Stack {
  readonly directory: string;
  readonly kafka: TestKafka;
  readonly #controller: LocalKafka | undefined;
  readonly #proxy: TcpProxy | undefined;
  readonly #services: RunningService[] = [];
  #starts = 0;

  private constructor(
    directory: string,
    kafka: TestKafka,
    controller: LocalKafka | undefined,
    proxy: TcpProxy | undefined,
  ) {
    this.directory = directory;
    this.kafka = kafka;
    this.#controller = controller;
    this.#proxy = proxy;
  }

  static async open({
    properties = {},
    container = false,
    proxied = false,
    separateController = false,
  }: StackOptions = {}): Promise<Stack> {
    const directory = mkdtempSync(join(tmpdir(), "regatta-test-"));
    const port = await freePort();
    const controllerPort = await freePort();
    const [behindPort, proxyPort] = proxied ? [await freePort(), await freePort()] : [];
    const clusterId = newClusterId();
    const controller = separateController
      ? await startLocalKafka({
          directory: join(directory, "controller"),
          port,
          controllerPort,
          clusterId,
          properties: controllerAlone(controllerPort),
        })
      : undefined;
    const kafka = await (container ? openTestKafka : localTestKafka)({
      directory: join(directory, "kafka"),
      port,
      controllerPort,
      clusterId,
      properties: {
        "group.consumer.session.timeout.ms": SESSION_MS,
        "group.consumer.min.session.timeout.ms": SESSION_MS,
        "group.consumer.heartbeat.interval.ms": "500",
        "group.consumer.min.heartbeat.interval.ms": "500",
        ...(behindPort === undefined ? {} : listenersWithProxy(port, controllerPort, behindPort, proxyPort)),
        ...(separateController ? brokerAlone(port, controllerPort) : {}),
        ...properties,
      },
    });
    const proxy =
      behindPort === undefined || proxyPort === undefined ? undefined : await TcpProxy.listen(proxyPort, behindPort);
    return new Stack(directory, kafka, controller, proxy);
  }

  /** @throws {Error} the stack was opened without one */
  get proxy(): TcpProxy {
    if (this.#proxy === undefined) throw new Error("expected a stack with a proxy: open it with { proxied: true }");
    return this.#proxy;
  }

  get brokers(): string {
    return this.kafka.brokers;
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
    await this.kafka.close();
    await this.#controller?.kill();
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

const votersOf = (controllerPort: number) => ({
  "controller.quorum.voters": `${CONTROLLER_ID}@127.0.0.1:${controllerPort}`,
});

function controllerAlone(controllerPort: number): Readonly<Record<string, string>> {
  const listener = `CONTROLLER://127.0.0.1:${controllerPort}`;
  return {
    "process.roles": "controller",
    "node.id": CONTROLLER_ID,
    listeners: listener,
    "advertised.listeners": listener,
    ...votersOf(controllerPort),
  };
}

function brokerAlone(port: number, controllerPort: number): Readonly<Record<string, string>> {
  return { "process.roles": "broker", listeners: `PLAINTEXT://127.0.0.1:${port}`, ...votersOf(controllerPort) };
}
