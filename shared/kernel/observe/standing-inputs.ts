/**
 * Finds inputs that stand still: they have records to process, and their position does not move. It shows whatever the cause is,
 * a model that does not answer or a call that does not return.
 *
 * An input whose records wait while those of another are processed does not stand: its turn comes. With slow models and a backlog
 * that may take minutes, since the client hands over what it has fetched of one partition before what it has of the next.
 */

import { partitionKey, partitionName } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { PartitionLag } from "./input-lag.js";

/** An input that has records to process and has stood still for longer is reported: in the log, by /ready and by an alert. */
export const STANDS_MAX_SECONDS = 10;
/** Between two checks. */
const CHECK_MS = 1000;

/** An input partition, and the task that it is of. */
export interface TaskLag extends PartitionLag {
  readonly task: string;
  /** Whether its next record waits for its models, which take long. */
  readonly held: boolean;
}

/** An input with records to process, and how long it has stood: 0 while another input moves, unless it is held itself. */
export interface StandingInput extends TaskLag {
  readonly standsSeconds: number;
}

interface WatchedInput extends StandingInput {
  /** How long it has had records to process, and its position has not moved. */
  readonly unmovedSeconds: number;
}

export class StandingInputs {
  readonly #inputs: () => readonly TaskLag[];
  readonly #logger: Logger;
  /** By {@link partitionKey}. */
  #standing = new Map<string, WatchedInput>();
  /** How long no input has moved. */
  #quietSeconds = 0;
  #timer: NodeJS.Timeout | undefined;
  #checkedMs = 0;

  /** @param inputs of the tasks that run, as they are now */
  constructor(inputs: () => readonly TaskLag[], logger: Logger) {
    this.#inputs = inputs;
    this.#logger = logger;
  }

  start(): void {
    this.#checkedMs = performance.now();
    this.#timer = setInterval(() => this.check(performance.now()), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param nowMs milliseconds of a monotonic clock */
  check(nowMs: number): void {
    // A process that was stopped for a while could not process anything meanwhile.
    const passedSeconds = Math.min(nowMs - this.#checkedMs, 2 * CHECK_MS) / 1000;
    this.#checkedMs = nowMs;
    const before = this.#standing;
    this.#standing = new Map();
    const inputs = this.#inputs().map((input) => ({ input, was: before.get(partitionKey(input)) }));
    const moved = inputs.some(({ input, was }) => was !== undefined && was.position !== input.position);
    this.#quietSeconds = moved ? 0 : this.#quietSeconds + passedSeconds;
    for (const { input, was } of inputs) {
      const unmoved = input.records > 0 && was !== undefined && was.records > 0 && was.position === input.position;
      const unmovedSeconds = unmoved ? was.unmovedSeconds + passedSeconds : 0;
      const standsSeconds = input.held ? unmovedSeconds : Math.min(unmovedSeconds, this.#quietSeconds);
      const watched = { ...input, unmovedSeconds, standsSeconds };
      this.#standing.set(partitionKey(input), watched);
      this.#log(was, watched);
    }
  }

  /** Every input of the tasks that run, as it was at the last check. */
  get all(): readonly StandingInput[] {
    return [...this.#standing.values()];
  }

  /** A sentence for each input that has stood for longer than it may. */
  get reasons(): readonly string[] {
    return this.all.filter(standsLong).map((input) => {
      const { task, position, standsSeconds, held } = input;
      const cause = held ? ": the models of that record do not answer" : "";
      return `task ${task} has stood at ${partitionName(input)}@${position} for ${Math.floor(standsSeconds)} s${cause}`;
    });
  }

  #log(before: StandingInput | undefined, input: StandingInput): void {
    const stood = before !== undefined && standsLong(before);
    if (stood === standsLong(input)) return;
    const { task, topic, partition, position, records, held } = input;
    if (stood) this.#logger.info({ task, topic, partition, offset: position }, "task goes on");
    else this.#logger.warn({ task, topic, partition, offset: position, records, held }, "task stands still");
  }
}

const standsLong = ({ standsSeconds }: StandingInput): boolean => standsSeconds > STANDS_MAX_SECONDS;
