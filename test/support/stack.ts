/** A broker of a test file's own and the services on it; everything ends with {@link Stack.close}. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { type LocalKafka, startLocalKafka } from "../../deploy/local/local-kafka.js";
import { RunningService } from "./service-runner.js";
import { TcpProxy } from "./tcp-proxy.js";

/** A dead member is dropped after this time, so that takeovers do not dominate the tests. */
const SESSION_MS = "3000";

export interface StackOptions {
  /** Broker properties that add to the tests' own. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Whether services reach the broker through {@link Stack.proxy} only; tests themselves never do. */
  readonly proxied?: boolean;
}

export class Stack {
  readonly directory: string;
  readonly kafka: LocalKafka;
  readonly #proxy: TcpProxy | undefined;
  readonly #services: RunningService[] = [];
  #starts = 0;

  private constructor(directory: string, kafka: LocalKafka, proxy: TcpProxy | undefined) {
    this.directory = directory;
    this.kafka = kafka;
    this.#proxy = proxy;
  }

  static async open({ properties = {}, proxied = false }: StackOptions = {}): Promise<Stack> {
    const directory = mkdtempSync(join(tmpdir(), "regatta-test-"));
    const port = await freePort();
    const controllerPort = await freePort();
    const [behindPort, proxyPort] = proxied ? [await freePort(), await freePort()] : [];
    const kafka = await startLocalKafka({
      directory: join(directory, "kafka"),
      port,
      controllerPort,
      properties: {
        "group.consumer.session.timeout.ms": SESSION_MS,
        "group.consumer.min.session.timeout.ms": SESSION_MS,
        "group.consumer.heartbeat.interval.ms": "500",
        "group.consumer.min.heartbeat.interval.ms": "500",
        ...(behindPort === undefined ? {} : listenersWithProxy(port, controllerPort, behindPort, proxyPort)),
        ...properties,
      },
    });
    const proxy =
      behindPort === undefined || proxyPort === undefined ? undefined : await TcpProxy.listen(proxyPort, behindPort);
    return new Stack(directory, kafka, proxy);
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
    await this.kafka.kill();
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
