/** All five services on a stack: started together, watched at work, and judged at the end. */
import assert from "node:assert/strict";
import { SERVICE_NAMES, type ServiceName } from "../../../services/names.js";
import { LINEAR_TOPIC, observationsTopic, topics } from "../../../shared/contract/topics.js";
import { assertCountersFollow, CHAIN, judge } from "../judge/verdict.js";
import { topicEnd } from "../kafka/kafka-topics.js";
import { waitFor } from "../wait.js";
import type { RunningService } from "./service-runner.js";
import type { Stack } from "./stack.js";

/** A topic that each of the consuming services writes for every record that it takes. */
const RESULTS = [
  observationsTopic(LINEAR_TOPIC).name,
  topics.estimates.name,
  topics.rlsPredictions.name,
  topics.mlPredictions.name,
];
/** All but the producer, which reads nothing. */
export const [, ...CONSUMING_SERVICES] = SERVICE_NAMES;
/** Ends a test that hangs; several tests may share the machine. */
const PROGRESS_TIMEOUT_MS = 240_000;
/** By how much each must grow, markers included, to count as work. */
const GROWTH = 100;

export interface RaceOptions {
  readonly series?: number;
  /** Records per second of each of the two raw topics. */
  readonly rate?: number;
  /** Settings of all services. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The five services, one process each. ml-racer races the linear model alone: the trees would take the processor from the rest. */
export class WholeRace {
  readonly services: ReadonlyMap<ServiceName, RunningService>;
  readonly #stack: Stack;
  readonly #series: number;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(stack: Stack, { series = 8, rate = 100, environment = {} }: RaceOptions) {
    this.#stack = stack;
    this.#series = series;
    this.#environment = { ML_MODELS: "lin", SERIES: String(series), RATE: String(rate), ...environment };
    this.services = new Map(SERVICE_NAMES.map((name) => [name, this.start(name)]));
  }

  /** Starts them, without a wait. */
  static start(stack: Stack, options: RaceOptions = {}): WholeRace {
    return new WholeRace(stack, options);
  }

  /** One more process of a service, with the settings of the first. */
  start(name: ServiceName, environment: Readonly<Record<string, string>> = {}): RunningService {
    return this.#stack.start(name, { ...this.#environment, ...environment });
  }

  get(name: ServiceName): RunningService {
    const service = this.services.get(name);
    assert.ok(service);
    return service;
  }

  /** Waits until results of every service have grown. @returns the seconds that it took */
  async progress(): Promise<number> {
    const begun = performance.now();
    const ends = () => Promise.all(RESULTS.map((topic) => topicEnd(this.#stack.brokers, topic)));
    const before = await ends();
    await waitFor(
      `results to grow in ${RESULTS.join(", ")}`,
      async () => (await ends()).every((end, at) => end >= before[at] + GROWTH),
      PROGRESS_TIMEOUT_MS,
    );
    return (performance.now() - begun) / 1000;
  }

  /** Sum of a metric over the five services. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const values = await Promise.all([...this.services.values()].map((service) => service.metric(name, labels)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  /** The first processes still run: none died, and none was started again. */
  assertAllRun(): void {
    for (const service of this.services.values()) service.mustRun();
  }

  /**
   * Ends the producer, judges everything that came out, and ends the rest.
   * @param further processes that were started beside the five
   */
  async finish(further: readonly RunningService[] = []): Promise<void> {
    const processes = [...this.services.values(), ...further].filter(({ running }) => running);
    const others = processes.filter(({ name }) => name !== "producer");
    for (const service of processes) if (service.name === "producer") assert.equal(await service.stop(), 0);
    const { equal } = await judge(this.#stack.brokers, CHAIN, this.#environment);
    // What a service that ended meanwhile had to say tells more than what it left undone.
    if (!equal) for (const service of others) service.mustRun();
    assert.ok(equal);
    await assertCountersFollow(this.#stack.brokers, this.#series);
    for (const service of others) assert.equal(await service.stop(), 0);
  }
}
