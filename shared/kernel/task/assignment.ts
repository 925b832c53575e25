/**
 * The tasks of this instance: they come and go with the partitions that the group gives and takes, are opened, replayed
 * beside the loop, and put back to the group's positions after an abort.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Consumer } from "../../kafka/consumer.js";
import { KafkaError } from "../../kafka/kafka-error.js";
import type { Position, TopicPartition } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { InputWatch } from "./input-loss.js";
import { Task } from "./task.js";
import type { TaskOpener } from "./task-opener.js";
import { type CommittedPositions, StateAheadError, type TaskReplay } from "./task-restore.js";

const RETRY_MS = 200;

/** Who processes the records of running tasks. */
export interface TaskHost {
  /** Readies a task for records: it is about to run. */
  adopt(task: Task, partitions: number): void;
  /** The task is closed, or its folder is reset. */
  forget(task: Task): void;
}

/** Who keeps copies of tasks, in the folders that the tasks have here. */
export interface FolderClaims {
  /** A task is about to open its folder: waits until that is given up. */
  claim(partition: number): Promise<void>;
  /** The task has closed its folder. */
  giveBack(partition: number): void;
}

export interface AssignmentOptions {
  readonly service: string;
  /** A source never reads its partitions: they stay paused. */
  readonly isSource: boolean;
  /** Partitions that are read of each input: as many as the changelogs have. */
  readonly partitions: number;
  readonly opener: TaskOpener;
  readonly replay: TaskReplay;
  readonly inputs: InputWatch;
  /** Whether the service was told to stop. */
  readonly stopping: () => boolean;
  readonly host: TaskHost;
  /** Who else has folders of tasks open in this process; undefined where nobody has. */
  readonly claims: FolderClaims | undefined;
  readonly logger: Logger;
}

type CommittedByPartition = ReadonlyMap<number, CommittedPositions>;

const NONE: CommittedPositions = new Map();

export class Assignment {
  readonly #o: AssignmentOptions;
  readonly #consumer: Consumer;
  readonly #tasks = new Map<number, Task>();
  readonly #replays = new Map<Task, Promise<void>>();
  /** Why going on would be wrong; found by a replay. */
  failure: unknown;

  constructor(options: AssignmentOptions, consumer: Consumer) {
    this.#o = options;
    this.#consumer = consumer;
  }

  get tasks(): Task[] {
    return [...this.#tasks.values()];
  }

  /** The task that may take a record of this partition now. */
  running(partition: number): Task | undefined {
    const task = this.#tasks.get(partition);
    return task?.state === "running" ? task : undefined;
  }

  /**
   * Partitions have come. Tasks whose folder is where the group is run at once; the rest are replayed first. Partitions
   * that were added beyond the changelogs' are taken, so that the group need not wait, and stay paused, see input-growth.ts.
   * The caller has committed or aborted everything.
   * @throws {TopicError} what is to be read next is not there
   */
  async add(partitions: readonly TopicPartition[]): Promise<void> {
    const beyond = partitions.filter(({ partition }) => partition >= this.#o.partitions);
    const opened = await this.#openAll(groupByPartition(partitions.filter((place) => !beyond.includes(place))));
    const committed = await this.#lookPersistently(opened);
    this.#consumer.assign(
      partitions.map(({ topic, partition }) => ({
        topic,
        partition,
        position: this.#o.isSource ? "end" : (committed.get(partition)?.get(topic) ?? "beginning"),
      })),
    );
    this.#consumer.pause(beyond);
    for (const task of opened) {
      this.#consumer.pause(task.inputPartitions);
      await this.#settle(task, committed.get(task.partition) ?? NONE);
    }
  }

  /** Partitions go. A task that keeps some of its inputs goes on with those. The caller has committed or aborted everything. */
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
    // Where a rebalance takes everything first, what is kept is given anew.
    if (this.#consumer.eager) return;
    for (const [partition, inputs] of kept) {
      const task = await this.#open(partition, inputs);
      this.#consumer.pause(task.inputPartitions);
      await this.#settle(task, (await this.#lookPersistently([task])).get(partition) ?? NONE);
    }
  }

  /**
   * After an abort: puts consumer and tasks back to the group's positions. Tasks that are being replayed are not concerned.
   * @throws {KafkaError} Kafka does not answer
   * @throws {TopicError} what is to be read next is not there
   */
  async rewind(): Promise<void> {
    const tasks = this.tasks.filter((task) => !this.#replays.has(task));
    const committed = await this.#look(tasks);
    for (const task of tasks) {
      this.#consumer.pause(task.inputPartitions);
      await this.#settle(task, committed.get(task.partition) ?? NONE);
    }
  }

  /** The folder of a task proved damaged: it is moved aside, and replayed by the next {@link rewind}. */
  async rebuild(task: Task, error: Error): Promise<void> {
    this.#o.host.forget(task);
    await this.#o.opener.reopenEmpty(task, error);
  }

  async closeAll(): Promise<void> {
    for (const task of this.tasks) await this.#close(task);
  }

  /** Runs a paused task from where it stands, or starts its replay. */
  async #settle(task: Task, committed: CommittedPositions): Promise<void> {
    if (this.#o.replay.isCurrent(task, committed)) await this.#run(task);
    else this.#startReplay(task, committed);
  }

  async #run(task: Task): Promise<void> {
    task.rewind();
    if (!this.#o.isSource) {
      this.#o.inputs.check(task);
      for (const { topic, partition } of task.inputPartitions) {
        await this.#consumer.seek({ topic, partition, position: task.positions.get(topic) ?? "beginning" });
      }
      // It may have been closed while the seek was on its way.
      if (isClosed(task)) return;
      this.#consumer.resume(task.inputPartitions);
    }
    await this.#o.replay.readyKeys(task);
    if (isClosed(task)) return;
    this.#o.host.adopt(task, this.#o.partitions);
    task.state = "running";
  }

  /** Replays beside the loop, so that the other tasks go on and the membership stays alive. */
  #startReplay(task: Task, committed: CommittedPositions): void {
    const replay = this.#replay(task, committed)
      .catch((error: unknown) => {
        this.failure = error;
      })
      .finally(() => this.#replays.delete(task));
    this.#replays.set(task, replay);
  }

  async #replay(task: Task, positions: CommittedPositions): Promise<void> {
    let committed = positions;
    while (!isClosed(task)) {
      try {
        if (await this.#o.replay.replay(task, committed)) await this.#run(task);
        return;
      } catch (error) {
        if (error instanceof StateAheadError) committed = await this.#newer(task, committed, error);
        else if (!(error instanceof KafkaError)) throw error;
        this.#o.logger.warn({ task: task.id, err: error }, "replay repeated");
        await delay(RETRY_MS);
      }
    }
  }

  /**
   * An instance that was away and does not know yet that its task has another owner reads a changelog that this one goes on
   * writing: then the group has gone on as well.
   * @throws {StateAheadError} the given one: the group stands where it stood
   */
  async #newer(task: Task, committed: CommittedPositions, error: StateAheadError): Promise<CommittedPositions> {
    const now = (await this.#lookPersistently([task])).get(task.partition) ?? committed;
    if (task.inputs.every((topic) => now.get(topic) === committed.get(topic))) throw error;
    return now;
  }

  /** All at once: a former owner that does not close its folders is waited for once, not once a folder. */
  async #openAll(topicsOf: ReadonlyMap<number, readonly string[]>): Promise<Task[]> {
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

  async #open(partition: number, inputs: readonly string[]): Promise<Task> {
    const task = new Task(this.#o.service, partition, inputs);
    await this.#o.claims?.claim(partition);
    await this.#o.opener.open(task);
    this.#tasks.set(partition, task);
    return task;
  }

  async #close(task: Task): Promise<void> {
    task.state = "closed";
    await this.#replays.get(task);
    this.#o.host.forget(task);
    this.#tasks.delete(task.partition);
    await task.close();
    this.#o.claims?.giveBack(task.partition);
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

  /** Where the group is; and what inputs and changelogs have, asked for after that: positions must lie within. */
  async #look(tasks: readonly Task[]): Promise<CommittedByPartition> {
    const committed = await this.#committed(tasks);
    await Promise.all([this.#o.replay.examine(tasks), this.#o.isSource || this.#o.inputs.ask(this.tasks)]);
    return committed;
  }

  /**
   * The group's answer waits for transactions of a former owner to end, so it may take the transaction timeout. A service that
   * is told to stop meanwhile needs no answer: its tasks are closed before they run.
   */
  async #lookPersistently(tasks: readonly Task[]): Promise<CommittedByPartition> {
    while (!this.#o.stopping()) {
      try {
        return await this.#look(tasks);
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        this.#o.logger.warn({ err: error }, "waiting for the group's positions");
        await delay(RETRY_MS);
      }
    }
    return new Map();
  }
}

const isClosed = (task: Task): boolean => task.state === "closed";

function groupByPartition(partitions: readonly TopicPartition[]): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const { topic, partition } of partitions) {
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, [topic]);
    else group.push(topic);
  }
  return groups;
}
