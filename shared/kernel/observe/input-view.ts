/** What is known of a service's inputs: how far each one lags, which do not move, and which end in an open transaction. */
import type { LogStatistics } from "../../kafka/consumer-statistics.js";
import { partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { Task } from "../task/task.js";
import { Lag } from "./input-lag.js";
import { InputStalls } from "./input-stalls.js";
import type { RunningLoop } from "./running-parts.js";
import { type StandingInput, StandingInputs, type TaskLag } from "./standing-inputs.js";
import { type UnstableInput, UnstableInputs } from "./unstable-inputs.js";

export interface InputViewOptions {
  /** Undefined until Kafka and the topics are there, and where the service reads no input. */
  readonly loop: () => RunningLoop | undefined;
  readonly transactionTimeoutMs: number;
  readonly logger: Logger;
}

export class InputView {
  readonly #options: InputViewOptions;
  readonly #lag = new Lag();
  readonly #unstable = new UnstableInputs();
  readonly #stalls: InputStalls;
  readonly #standing: StandingInputs;

  constructor(options: InputViewOptions) {
    this.#options = options;
    this.#stalls = new InputStalls(options.transactionTimeoutMs, options.logger);
    const running = () => this.lag().filter(({ partition }) => options.loop()?.isRunning(partition));
    this.#standing = new StandingInputs(running, options.logger);
  }

  /** Begins to check once a second whether inputs move. */
  start(): void {
    this.#standing.start();
  }

  stop(): void {
    this.#standing.stop();
  }

  /** How far each input of the service's tasks lags. */
  lag(): TaskLag[] {
    const loop = this.#options.loop();
    if (loop === undefined) return [];
    return loop.tasks.flatMap((task) => this.#lagOf(task, loop));
  }

  /** How long the position of each input partition with records to process has not moved. */
  get standing(): readonly StandingInput[] {
    return this.#standing.all;
  }

  /** A sentence for each input that has stood for longer than it may. */
  get standingReasons(): readonly string[] {
    return this.#standing.reasons;
  }

  /** Input partitions with the number of records after an open transaction of their writer. */
  unstable(): UnstableInput[] {
    const partitions = this.#tasks().flatMap(({ inputPartitions }) => inputPartitions);
    return this.#unstable.of(partitions, performance.now());
  }

  /**
   * The client also reports partitions that were revoked, with ends that it no longer asks for. It does not ask for the ends of a
   * partition whose task is being restored either.
   */
  onStatistics(logs: readonly LogStatistics[]): void {
    const tasks = this.#tasks();
    this.#lag.onStatistics(logsOf(tasks, logs), Date.now());
    const running = tasks.filter(({ state }) => state === "running");
    this.#unstable.onStatistics(logsOf(running, logs), performance.now());
    this.#stalls.check(this.unstable());
  }

  /** Forgets all ends: another consumer takes over. */
  forgetEnds(): void {
    this.#lag.onStatistics([], Date.now());
    this.#unstable.onStatistics([], performance.now());
  }

  #tasks(): readonly Task[] {
    return this.#options.loop()?.tasks ?? [];
  }

  #lagOf(task: Task, { positions }: RunningLoop): TaskLag[] {
    const { id, partition, lastTimestampMs } = task;
    return task.inputs.flatMap((topic) => {
      const nowMs = Date.now();
      const last = positions.lastFetched(task, topic);
      if (last !== undefined) this.#lag.onRecord(topic, partition, last, nowMs);
      const lag = this.#lag.of(topic, partition, positions.of(task, topic), lastTimestampMs, nowMs);
      return lag === undefined ? [] : { ...lag, task: id, held: positions.isHeld(task, topic) };
    });
  }
}

function logsOf(tasks: readonly Task[], logs: readonly LogStatistics[]): LogStatistics[] {
  const inputs = new Set(tasks.flatMap(({ inputPartitions }) => inputPartitions.map(partitionKey)));
  return logs.filter((log) => inputs.has(partitionKey(log)));
}
