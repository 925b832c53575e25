/** What a scrape asks the running process for. */
import { statfs } from "node:fs/promises";
import { SharedQuestion } from "../../repeated-question.js";
import type { StreamLoop } from "../loop/stream-loop.js";
import type { LevelDbStore } from "../store/leveldb-store.js";
import type { StateMemory } from "../store/state-memory.js";
import type { Task, TaskState } from "../task/task.js";
import type { Lag } from "./input-lag.js";
import type { StandingInput, TaskLag } from "./standing-inputs.js";

/** `waiting`: for Kafka, for topics or to become a member of the group. `rewinding`: dropped work is about to be read again. */
export const SERVICE_STATES = ["waiting", "restoring", "rewinding", "running", "stopping"] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

/** What every service tells Prometheus when it is asked. */
export interface Probes {
  lag(): readonly TaskLag[];
  /** How long the position of each input partition with records to process has not moved. */
  standing(): readonly StandingInput[];
  /** Records of each input partition that are behind an open transaction of their writer. */
  unstable(): readonly { topic: string; partition: number; records: number }[];
  /** How far in the future the record was stamped that a task processed last, in s; the most of all tasks, 0 where none was. */
  secondsAhead(): number;
  state(): ServiceState;
  /** Tasks by state; states that no task is in are there with 0. */
  taskStates(): Readonly<Record<string, number>>;
  storeBytes(): Promise<readonly { partition: number; bytes: number }[]>;
  transactionRecords(): number;
  readonly memory: StateMemory;
  /** Offsets that each standby of this instance has still to apply. */
  standbyLag(): readonly { partition: number; records: number }[];
  /** Free bytes of the file system that holds STATE_DIR; undefined where it cannot be asked. */
  diskAvailableBytes(): Promise<number | undefined>;
}

/** What the probes look at. */
export interface ProbedService {
  readonly isSource: boolean;
  readonly stateDir: string;
  readonly lag: Lag;
  /** Undefined until Kafka and the topics are there. */
  loop(): StreamLoop | undefined;
  stopping(): boolean;
  /** What is waited for, undefined once nothing is. */
  waitingFor(): string | undefined;
  unstable(): readonly { topic: string; partition: number; records: number }[];
  standing(): readonly StandingInput[];
  transactionRecords(): number;
  readonly memory: StateMemory;
  standbyLag(): readonly { partition: number; records: number }[];
}

/**
 * Files are read in the pool of threads in which the Kafka client waits for its broker and LevelDB for its disk. A scrape
 * waits for the pool so long, and then takes the answer of the one before.
 */
const FILES_WAIT_MS = 500;

export function createProbes(service: ProbedService): Probes {
  const tasks = () => service.loop()?.tasks ?? [];
  const disk = new SharedQuestion(() => statfs(service.stateDir), FILES_WAIT_MS);
  const sizes = new WeakMap<LevelDbStore, SharedQuestion<number>>();
  return {
    lag: () => inputLag(service),
    standing: () => service.standing(),
    unstable: () => service.unstable(),
    secondsAhead: () => {
      const nowMs = Date.now();
      return Math.max(0, ...tasks().map(({ lastTimestampMs }) => (lastTimestampMs ?? 0) - nowMs)) / 1000;
    },
    state: () => stateOf(service, tasks()),
    taskStates: () => countStates(tasks()),
    storeBytes: async () => (await Promise.all(tasks().map((task) => bytesOf(task, sizes)))).flat(),
    transactionRecords: () => service.transactionRecords(),
    memory: service.memory,
    standbyLag: () => service.standbyLag(),
    diskAvailableBytes: async () => {
      const found = await disk.newest();
      return found && found.bavail * found.bsize;
    },
  };
}

function stateOf(service: ProbedService, tasks: readonly Task[]): ServiceState {
  if (service.stopping()) return "stopping";
  if (service.waitingFor() !== undefined || service.loop()?.isMember === false) return "waiting";
  if (service.loop()?.rewinding === true) return "rewinding";
  return tasks.every(({ state }) => state === "running") ? "running" : "restoring";
}

function countStates(tasks: readonly Task[]): Record<string, number> {
  const states: Partial<Record<TaskState, number>> & Record<string, number> = { created: 0, restoring: 0, running: 0 };
  for (const { state } of tasks) states[state] = (states[state] ?? 0) + 1;
  return states;
}

/** How far each input of the service's tasks is behind. */
export function inputLag(service: Pick<ProbedService, "isSource" | "loop" | "lag">): TaskLag[] {
  const loop = service.loop();
  return loop === undefined || service.isSource ? [] : loop.tasks.flatMap((task) => lagOf(task, loop, service.lag));
}

function lagOf(task: Task, { positions }: StreamLoop, lag: Lag): TaskLag[] {
  const { id, partition, lastTimestampMs } = task;
  return task.inputs.flatMap((topic) => {
    const nowMs = Date.now();
    const last = positions.lastAtHand(task, topic);
    if (last !== undefined) lag.onRecord(topic, partition, last, nowMs);
    const behind = lag.of(topic, partition, positions.of(task, topic), lastTimestampMs, nowMs);
    return behind === undefined ? [] : { ...behind, task: id, held: positions.isHeld(task, topic) };
  });
}

/** Nothing where the size is not known. */
async function bytesOf(
  { partition, db }: Task,
  sizes: WeakMap<LevelDbStore, SharedQuestion<number>>,
): Promise<{ partition: number; bytes: number }[]> {
  if (db === undefined) return [];
  const size = sizes.get(db) ?? new SharedQuestion(() => db.bytes(), FILES_WAIT_MS);
  sizes.set(db, size);
  const bytes = await size.newest();
  return bytes === undefined ? [] : [{ partition, bytes }];
}
