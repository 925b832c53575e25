/** A broker of a test file's own and the services on it; everything ends with {@link Stack.close}. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { type LocalKafka, startLocalKafka } from "../../deploy/local/local-kafka.js";
import { RunningService } from "./service-runner.js";

/** A dead member is dropped after this time, so that takeovers do not dominate the tests. */
const SESSION_MS = "3000";

export class Stack {
  readonly directory: string;
  readonly kafka: LocalKafka;
  readonly #services: RunningService[] = [];
  #starts = 0;

  private constructor(directory: string, kafka: LocalKafka) {
    this.directory = directory;
    this.kafka = kafka;
  }

  static async open(): Promise<Stack> {
    const directory = mkdtempSync(join(tmpdir(), "regatta-test-"));
    const kafka = await startLocalKafka({
      directory: join(directory, "kafka"),
      port: await freePort(),
      properties: {
        "group.consumer.session.timeout.ms": SESSION_MS,
        "group.consumer.min.session.timeout.ms": SESSION_MS,
        "group.consumer.heartbeat.interval.ms": "500",
        "group.consumer.min.heartbeat.interval.ms": "500",
      },
    });
    return new Stack(directory, kafka);
  }

  get brokers(): string {
    return this.kafka.brokers;
  }

  get stateDirectory(): string {
    return join(this.directory, "state");
  }

  /** Starts one more process of a service on this stack. */
  start(name: string, environment: Readonly<Record<string, string>> = {}): RunningService {
    const service = RunningService.start(
      name,
      { KAFKA_BROKERS: this.brokers, STATE_DIR: this.stateDirectory, ...environment },
      join(this.directory, "log", `${name}-${this.#starts++}.log`),
    );
    this.#services.push(service);
    return service;
  }

  /** Ends all processes; the folder stays where REGATTA_TEST_KEEP names a reason to look at it. */
  async close(): Promise<void> {
    for (const service of this.#services) if (service.running) await service.kill();
    await this.kafka.kill();
    if (process.env.REGATTA_TEST_KEEP === undefined) rmSync(this.directory, { recursive: true, force: true });
  }
}
