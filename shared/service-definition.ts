/**
 * What a service is: its edges (settings, topics, stores) and one synchronous function. The kernel does the rest.
 * Kafka Streams calls this a topology with one processor.
 */
import type { Registry } from "prom-client";
import type { SettingDefinitions, Settings } from "./config.js";

/**
 * Headers of a record, each with one member. Values are bytes: the client cuts a string at its first NUL. It cuts names there as well,
 * those that it reads too, and it shows a header without a value as one of no bytes.
 */
export type RecordHeaders = readonly { readonly [name: string]: Buffer }[];

/** A record as it was consumed. `value` and `key` are the original bytes, null where the record has none. */
export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  /** The record's own number in its partition. The next position is one more. */
  readonly offset: number;
  /** Milliseconds since the epoch, as the record carries it. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Undefined where it has none. */
  readonly headers?: RecordHeaders | undefined;
}

/** How the values of one store become bytes and back. The kernel adds a checksum; `format` is the version byte. */
export interface Codec<V> {
  /** 1 to 255: what `encode` writes, and the only one that `decode` is given. Raise it when the layout changes. */
  readonly format: number;
  encode(value: V): Buffer;
  /**
   * The memory that a live value takes, in bytes, roughly: what bounds caches and transactions. Called at its first put in a
   * transaction, so it has to be cheap. See {@link import("./state/state-bytes.js").arrayBytes}.
   */
  bytes(value: V): number;
  /** @throws {RangeError} the bytes are not of this layout */
  decode(bytes: Buffer): V;
  /**
   * How to read each older format that still may lie in a folder or a changelog; they throw as `decode` does. Such a value is
   * written anew in the format of today when it is put next. A format that is in neither is refused, never taken for damage.
   */
  readonly older?: Readonly<Record<number, (bytes: Buffer) => V>>;
  /** Keys are `<topic>/<series>/<slot>`, several of a series; without this they are `<topic>/<series>`. */
  readonly slotted?: true;
  /** What `/state/<store>/<key>` shows. */
  toJson(value: V): unknown;
}

/**
 * Keyed state of one task. Values are live objects: change one in place, then put it.
 * A key is `<topic>/<series>`, see {@link stateKey}.
 */
export interface StateStore<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  delete(key: string): void;
}

/** A topic that a service writes, and how its values become bytes. */
export interface OutputTopic<V> {
  readonly name: string;
  /** Topic configuration asked for when the topic is created. */
  readonly config: Readonly<Record<string, string>>;
  /** @throws {RangeError} a number is not finite */
  encode(value: V): Buffer;
}

export type StoreCodecs<States> = { readonly [K in keyof States]: Codec<States[K]> };
export type StateStores<States> = { readonly [K in keyof States]: StateStore<States[K]> };

/** What process() and generate() are given besides their record. */
export interface TaskContext<S, States, Metrics> {
  readonly settings: S;
  readonly stores: StateStores<States>;
  readonly metrics: Metrics;
  /** Writes to `topic` in the open transaction, with the timestamp of the record at hand and, within a bound, its headers. */
  forward<V>(topic: OutputTopic<V>, key: string, value: V): void;
  /**
   * Has the service's {@link HeavyWork} done on `job`, then calls `done` with the result. That is after later records were
   * processed, but in the order of the records and before anything of them is committed: what those records read must have been
   * put before this call, what must come out in order is forwarded in `done`. Stores and forward serve `done` as they serve
   * process(), and an error of the job or of `done` has the fate of one of process(). A result with late parts comes before
   * any later record of the partition is processed.
   * @param parts those to be done
   */
  compute(job: Float64Array, parts: readonly number[], done: (result: JobResult) => void): void;
  /** Partitions of each input. */
  readonly partitions: number;
  /** Logs what a record showed; after the first lines of a while the rest is left out, so count it in a metric as well. */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What came of a job. */
export interface JobResult {
  /** A number of each part that was asked for, in their order; NaN of one that is late. */
  readonly numbers: Float64Array;
  /** The parts that did not answer within {@link HeavyWork.timeoutMs}. */
  readonly late: readonly number[];
}

/** Does one part of a job: a pure function of the job's numbers. It may keep scratch memory. */
export type JobRunner = (job: Float64Array, part: number) => number;

/**
 * Pure work of a service that takes so long that it is spread over worker threads. A job has parts, which are done and may
 * fail to end on their own. It never runs in the thread of process(): there nothing could end it.
 */
export interface HeavyWork<S> {
  /** Number of worker threads, 1 or more. */
  threads(settings: S): number;
  /** Longest that a part of a job may take, in ms; then its thread is ended and the part is late. */
  timeoutMs(settings: S): number;
  /** Every thread has a runner of its own. */
  runner(settings: S): JobRunner;
  /**
   * What a thread loads: a module with an export `run`, made by `serveJobs` from the same runner. It is given the settings,
   * which must be plain data, and loads neither the kernel nor the Kafka client.
   */
  readonly module: URL;
}

interface ServiceEdges<D extends SettingDefinitions, States, Metrics> {
  /** Kebab-case; with APPLICATION_ID it names group, transactional id, changelogs and state folder. */
  readonly name: string;
  readonly settings: D;
  /**
   * Faults that only several settings together show, as sentences that name them; empty where there are none. A setting that
   * is itself wrong is missing, so that every fault is told at once.
   */
  check?(settings: Partial<Settings<D>>): readonly string[];
  outputs(settings: Settings<D>): readonly OutputTopic<never>[];
  readonly stores: StoreCodecs<States>;
  /** Metrics of the service's own, made once per process; names begin with `regatta_`. */
  metrics(registry: Registry): Metrics;
  /** The task of this partition has left the instance, so that what metrics say of its series can go with it. */
  taskClosed?(partition: number, metrics: Metrics): void;
}

/** A service that consumes topics. */
export interface ProcessorService<D extends SettingDefinitions, States, Metrics>
  extends ServiceEdges<D, States, Metrics> {
  readonly kind: "processor";
  inputs(settings: Settings<D>): readonly string[];
  /** What {@link TaskContext.compute} does; without it there is no compute. */
  readonly work?: HeavyWork<Settings<D>>;
  /**
   * Synchronous; pure but for stores, forward, compute and metrics.
   * @throws {RecordError} before it changed anything: the record is dead-lettered and nothing else happens.
   *   Any other error, or one after a put or forward, costs an abort and a replay; the record is dead-lettered all the same.
   */
  process(record: InputRecord, context: TaskContext<Settings<D>, States, Metrics>): void;
}

/** One task of a source: what it generates next is decided by its stores alone. */
export interface Source {
  /**
   * Forwards at most `limit` records that are due at `nowMs`.
   * @param nowMs milliseconds of a monotonic clock
   * @returns how many were forwarded
   */
  generate(nowMs: number, limit: number): number;
}

/** A service without input: its tasks are the partitions of the changelog of its first store. */
export interface SourceService<D extends SettingDefinitions, States, Metrics> extends ServiceEdges<D, States, Metrics> {
  readonly kind: "source";
  /** @param partition this task's number, from 0 to `partitions` - 1 */
  source(partition: number, partitions: number, context: TaskContext<Settings<D>, States, Metrics>): Source;
}

export type ServiceDefinition<D extends SettingDefinitions, States, Metrics> =
  | ProcessorService<D, States, Metrics>
  | SourceService<D, States, Metrics>;

/** A service of whatever types: they are checked where it is defined, and the kernel only hands its values through. */
export type AnyService = ServiceDefinition<SettingDefinitions, Record<string, object>, unknown>;
export type AnyContext = TaskContext<never, Record<string, object>, unknown>;

/** State is kept per input topic and series. A topic name has no slash, so the first one separates. */
export function stateKey(topic: string, series: string): string {
  return `${topic}/${series}`;
}
