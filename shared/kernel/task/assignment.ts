/**
 * The tasks of this instance: they come and go with the partitions that the group gives and takes, are opened, restored
 * beside the loop, and put back to the group's positions after an abort.
 */
import type { Consumer } from "../../kafka/consumer.js";
import { KafkaError } from "../../kafka/kafka-error.js";
import { PROMPT, persistently, retry } from "../../kafka/patience.js";
import type { Position, TopicPartition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { Source } from "../../service-definition.js";
import type { InputWatch } from "./input-loss.js";
import { type OpenTask, Task } from "./task.js";
import type { TaskOpener } from "./task-opener.js";
import { type CommittedPositions, StateAheadError, type TaskRestore } from "./task-restore.js";

/** Who processes the records of running tasks. */
export interface TaskHost {
  /**
   * Readies a task that is about to run for records.
   * @returns what generates its records, where the service is a source
   */
  adopt(task: OpenTask, partitions: number): Source | undefined;
  /** The task is closed, or its folder is reset. */
  forget(task: Task): void;
}

/** Who is told which tasks run here, and may keep copies of tasks in the folders that they have here. */
export interface FolderClaims {
  /** A task of these inputs is about to open its folder: waits until that is given up. */
  claim(partition: number, inputs: readonly string[]): Promise<void>;
  /** The task has closed its folder. */
  giveBack(partition: number): void;
}

/** What an assignment works with. */
export interface AssignmentOptions {
  readonly service: string;
  /** Partitions that are read of each input: as many as the changelogs have. */
  readonly partitions: number;
  readonly opener: TaskOpener;
  readonly restore: TaskRestore;
  /** What the inputs still have; undefined for a source, which never reads its partitions: they stay paused. */
  readonly inputs: InputWatch | undefined;
  /** Whether the service is to stop. */
  readonly stop: AbortSignal;
  readonly host: TaskHost;
  readonly claims: FolderClaims;
  readonly logger: Logger;
}

type CommittedByPartition = ReadonlyMap<number, CommittedPositions>;

const NONE: CommittedPositions = new Map();

/** The tasks of one membership in the group, from its first partition to its last. */
export class Assignment {
  readonly #options: AssignmentOptions;
  readonly #consumer: Consumer;
  readonly #tasks = new Map<number, OpenTask>();
  readonly #restores = new Map<Task, Promise<void>>();
  /** Why the service cannot continue; found by a restore beside the loop. */
  failure: unknown;

  constructor(options: AssignmentOptions, consumer: Consumer) {
    this.#options = options;
    this.#consumer = consumer;
  }

  get tasks(): Task[] {
    return [...this.#tasks.values()];
  }

  /** Those that may take records now. */
  get runningTasks(): OpenTask[] {
    return [...this.#tasks.values()].filter((task) => task.isRunning());
  }

  /** The task that may take a record of this partition now. */
  running(partition: number): OpenTask | undefined {
    const task = this.#tasks.get(partition);
    return task?.isRunning() ? task : undefined;
  }

  /**
   * Adds partitions. Tasks whose folder is where the group is run at once; the rest are restored first. Partitions of a number
   * that no changelog has are taken, so that the group need not wait, and stay paused, see input-growth.ts.
   * The caller has committed or aborted everything.
   * @throws {TopicError} what is to be read next is not there
   */
  async add(partitions: readonly TopicPartition[]): Promise<void> {
    const { inputs, partitions: known } = this.#options;
    const beyond = partitions.filter(({ partition }) => partition >= known);
    const opened = await this.#openAll(groupByPartition(partitions.filter((place) => !beyond.includes(place))));
    const committed = await this.#askGroupPersistently(opened);
    this.#consumer.assign(
      partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        position: inputs === undefined ? "end" : (committed.get(partition)?.get(topic) ?? "beginning"),
      })),
    );
    this.#consumer.pause(beyond);
    for (const task of opened) {
      this.#consumer.pause(task.inputPartitions);
      await this.#settle(task, committed.get(task.partition) ?? NONE);
    }
  }

  /** Revokes partitions. A task that keeps some of its inputs is opened again with those. The caller has committed or aborted everything. */
  async remove(partitions: readonly TopicPartition[]): Promise<void> {
    const kept = new Map<number, string[]>();
    for (const [partition, topics] of groupByPartition(partitions)) {
      const task = this.#tasks.get(partition);
      if (task === undefined) continue;
      const inputs = task.inputs.filter((topic) => !topics.includes(topic));
      if (inputs.length > 0) kept.set(partition, inputs);
      await this.#close(task);
    }
    this.#consumer.unassign(partitions);
    // An eager rebalance takes everything first: what is kept comes with the next assignment.
    if (this.#consumer.eager) return;
    for (const [partition, inputs] of kept) {
      const task = await this.#open(partition, inputs);
      this.#consumer.pause(task.inputPartitions);
      await this.#settle(task, (await this.#askGroupPersistently([task])).get(partition) ?? NONE);
    }
  }

  /**
   * After an abort: puts consumer and tasks back to the group's positions. Tasks that are being restored are left alone.
   * @throws {KafkaError} Kafka does not answer
   * @throws {TopicError} what is to be read next is not there
   */
  async rewind(): Promise<void> {
    const tasks = [...this.#tasks.values()].filter((task) => !this.#restores.has(task));
    const committed = await this.#askGroup(tasks);
    for (const task of tasks) {
      this.#consumer.pause(task.inputPartitions);
      await this.#settle(task, committed.get(task.partition) ?? NONE);
    }
  }

  /** Moves a damaged folder aside; the next {@link rewind} restores the task into an empty one. */
  async reset(task: OpenTask, error: Error): Promise<void> {
    this.#options.host.forget(task);
    await this.#options.opener.reset(task, error);
  }

  /** Closes every task, also where one cannot be saved. @throws as {@link Task.close} */
  async closeAll(): Promise<void> {
    let failure: unknown;
    for (const task of [...this.#tasks.values()]) {
      await this.#close(task).catch((error: unknown) => {
        failure ??= error;
      });
    }
    await this.#options.restore.close();
    if (failure !== undefined) throw failure;
  }

  /** Runs a paused task from where it stands, or begins its restore. */
  async #settle(task: OpenTask, committed: CommittedPositions): Promise<void> {
    if (this.#options.restore.isCurrent(task, committed)) await this.#run(task);
    else this.#startRestore(task, committed);
  }

  async #run(task: OpenTask): Promise<void> {
    const { inputs } = this.#options;
    task.rewind();
    if (inputs !== undefined) {
      inputs.check(task);
      for (const { topic, partition } of task.inputPartitions) {
        await this.#consumer.seek({ topic, partition, position: task.positions.get(topic) ?? "beginning" });
      }
      // It may have been closed while the seek was on its way.
      if (task.isClosed()) return;
      this.#consumer.resume(task.inputPartitions);
    }
    await this.#options.restore.readyKeys(task);
    if (task.isClosed()) return;
    task.run(this.#options.host.adopt(task, this.#options.partitions));
  }

  /** Restores beside the loop, so that the other tasks take records and the membership stays alive. */
  #startRestore(task: OpenTask, committed: CommittedPositions): void {
    const restore = this.#restore(task, committed)
      .catch((error: unknown) => {
        this.failure = error;
      })
      .finally(() => this.#restores.delete(task));
    this.#restores.set(task, restore);
  }

  async #restore(task: OpenTask, positions: CommittedPositions): Promise<void> {
    let committed = positions;
    const { restore, stop, logger } = this.#options;
    const attempt = async () => {
      if (!task.isClosed() && (await restore.restore(task, committed))) await this.#run(task);
    };
    await retry(attempt, {
      patience: PROMPT,
      stop,
      mayRetry: async (error) => {
        if (error instanceof StateAheadError) committed = await this.#newer(task, committed, error);
        return error instanceof StateAheadError || error instanceof KafkaError;
      },
      onFailure: (error) => logger.warn({ task: task.id, err: error }, "replay repeated"),
    });
  }

  /**
   * A stalled former owner may still be restoring while the new owner commits to the same changelog. Where the group's positions
   * have moved meanwhile, the restore is repeated with those; where they have not, the state really is ahead.
   * @throws {StateAheadError} the given one
   */
  async #newer(task: OpenTask, committed: CommittedPositions, error: StateAheadError): Promise<CommittedPositions> {
    const now = (await this.#askGroupPersistently([task])).get(task.partition) ?? committed;
    if (task.inputs.every((topic) => now.get(topic) === committed.get(topic))) throw error;
    return now;
  }

  /** All at once: a former owner that does not close its folders is waited for once, not once a folder. */
  async #openAll(topicsOf: ReadonlyMap<number, readonly string[]>): Promise<OpenTask[]> {
    const openings = await Promise.allSettled(
      [...topicsOf].map(async ([partition, topics]) => {
        const before = this.#tasks.get(partition);
        if (before !== undefined) await this.#close(before);
        return this.#open(partition, [...new Set([...(before?.inputs ?? []), ...topics])]);
      }),
    );
    return openings.map((opening) => {
      if (opening.status === "rejected") throw opening.reason;
      return opening.value;
    });
  }

  async #open(partition: number, inputs: readonly string[]): Promise<OpenTask> {
    await this.#options.claims.claim(partition, inputs);
    const task = await this.#options.opener.open(new Task(this.#options.service, partition, inputs));
    this.#tasks.set(partition, task);
    return task;
  }

  async #close(task: Task): Promise<void> {
    task.end();
    await this.#restores.get(task);
    this.#options.host.forget(task);
    this.#tasks.delete(task.partition);
    try {
      await task.close();
    } finally {
      this.#options.claims.giveBack(task.partition);
    }
  }

  async #committed(tasks: readonly Task[]): Promise<CommittedByPartition> {
    const result = new Map<number, Map<string, Position | undefined>>();
    if (tasks.length === 0) return result;
    for (const { topic, partition, position } of await this.#consumer.committed(
      tasks.flatMap(({ inputPartitions }) => inputPartitions),
    )) {
      const positions = result.get(partition) ?? new Map<string, Position | undefined>();
      positions.set(topic, position);
      result.set(partition, positions);
    }
    return result;
  }

  /** Asks where the group is; and after that what inputs and changelogs have, since positions must lie within those. */
  async #askGroup(tasks: readonly OpenTask[]): Promise<CommittedByPartition> {
    const committed = await this.#committed(tasks);
    await Promise.all([this.#options.restore.examine(tasks), this.#options.inputs?.refresh(this.tasks)]);
    return committed;
  }

  /**
   * The group's answer waits for transactions of a former owner to end, so it may take the transaction timeout. A service that
   * stops meanwhile needs no answer: its tasks are closed before they run.
   */
  async #askGroupPersistently(tasks: readonly OpenTask[]): Promise<CommittedByPartition> {
    const { stop, logger } = this.#options;
    const onFailure = (error: KafkaError) => logger.warn({ err: error }, "waiting for the group's positions");
    return (await persistently(() => this.#askGroup(tasks), { patience: PROMPT, stop, onFailure })) ?? new Map();
  }
}

function groupByPartition(partitions: readonly TopicPartition[]): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const { topic, partition } of partitions) {
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, [topic]);
    else group.push(topic);
  }
  return groups;
}
