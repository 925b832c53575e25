/** Ports: the parts of a running service that are observed. This room declares what it reads of them and imports none of them. */
import type { Task } from "../task/task.js";

/** The loop, as far as it is observed. */
export interface RunningLoop {
  readonly tasks: readonly Task[];
  /** Whether the task of this partition may take records. */
  isRunning(partition: number): boolean;
  readonly isMember: boolean;
  /** Whether dropped work waits to be read again because Kafka does not answer. */
  readonly rewinding: boolean;
  /** Why work was dropped that waits to be read again; undefined where none waits. */
  readonly dropped: string | undefined;
  /** Why the last membership ended; undefined once work was committed since. */
  readonly loss: Error | undefined;
  /** What keeps the service from its work, as a sentence; undefined where nothing does. */
  readonly hindrance: string | undefined;
  readonly positions: RunningPositions;
  /** When a commit began that Kafka has carried out, of the clock of performance.now(): this was a member of its group then. */
  readonly confirmedMs: number;
}

/** Where the inputs of tasks stand. */
export interface RunningPositions {
  /** The next offset that a task has to process; undefined where the partition was never read. */
  of(task: Task, topic: string): number | undefined;
  /** Offset of the last record that the client has handed over and that is not processed yet; undefined where there is none. */
  lastFetched(task: Task, topic: string): number | undefined;
  /** Whether a partition waits for a record whose models take long. */
  isHeld(task: Task, topic: string): boolean;
}

/** What a service writes, as far as it is observed. */
export interface RunningOutput {
  /** Records handed over since the last commit. */
  readonly records: number;
  /** The call that Kafka did not carry out at the first attempt, and that is repeated; undefined where there is none. */
  readonly repeatedCall: string | undefined;
}

/** The standbys, as far as they are observed. */
export interface RunningStandbys {
  /** Offsets that each standby of this instance has still to apply. */
  lag(): readonly { partition: number; records: number }[];
  /** The standby of a partition's task that this instance keeps; undefined where it keeps none. */
  copy(partition: number): { readonly task: Task; readonly lagRecords: number } | undefined;
}

/** Another instance, or this one, as it has announced itself. */
export interface KnownInstance {
  /** INSTANCE_ID. */
  readonly host: string;
  readonly slot: number;
  readonly partitions: readonly number[];
  /** Where it serves, `host:port`; undefined where it does not tell. */
  readonly address?: string | undefined;
  /** Partitions of which it keeps copies. */
  readonly copies?: readonly number[] | undefined;
}

/** `<INSTANCE_ID>/<slot>` */
export const nameOf = ({ host, slot }: KnownInstance): string => `${host}/${slot}`;

/** The address book, as far as questions need it. */
export interface RunningBook {
  /** Name of this instance, `<INSTANCE_ID>/<slot>`. */
  readonly self: string;
  /** Why the book cannot be used now; undefined where it can. */
  readonly trouble: string | undefined;
  /** Those that have announced themselves lately. */
  instances(): readonly KnownInstance[];
  /** Who owns a partition. @param input of which input; undefined for any */
  owner(partition: number, input: string | undefined): KnownInstance | undefined;
  /** Whether this instance, whose task of the partition runs, surely owns it. @param confirmedMs see {@link RunningLoop.confirmedMs} */
  isOwner(partition: number, input: string | undefined, confirmedMs: number): boolean;
}
