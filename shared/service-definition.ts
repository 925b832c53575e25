/**
 * What a service is: its edges (settings, topics, stores) and one synchronous function. The kernel does the rest.
 * Kafka Streams calls this a topology with one processor.
 *
 * Terms, as Kafka and Kafka Streams use them:
 *   record        what a topic holds: key, value, headers and a timestamp
 *   partition     one ordered log of a topic; a record's key decides its partition
 *   offset        a record's own number in its partition
 *   position      the offset of the next record to read: the last one's offset plus one
 *   lag           records from the position to the end of the partition
 *   series        one stream of observations: all records of a topic with one key
 *   observation   features x and target y of a series at one step i
 *   task          a service's work on one partition of its inputs, such as `rls-racer/3`; it moves between instances
 *   store         the keyed state of a task, in a folder of its own
 *   changelog     the compacted topic of all changes of a store; the store can be made from it
 *   restore       to read the changelog until the store is as it was at the last commit
 *   standby       a copy of another instance's task, kept up to date so that a take-over need not restore everything
 *   forward       to write a record to an output topic, inside the open transaction
 *   commit        one transaction of outputs, changelog records and input positions: all become visible, or none
 *   dead letter   a record that was rejected, with the reason and where it came from
 */
import type { Registry } from "prom-client";
import type { SettingDefinitions, Settings } from "./config.js";
import type { HeavyWork, JobResult } from "./heavy-work.js";
import type { Given, Layout, RecordPlaces } from "./result-layout.js";
import type { SlotLists } from "./slot-lists.js";

/**
 * Headers of a record, each an object with one member. Values are bytes, since the client cuts a string at its first NUL. It
 * cuts the names of headers there too, when it writes and when it reads; a header without a value is read as one of no bytes.
 */
export type RecordHeaders = readonly { readonly [name: string]: Buffer }[];

/**
 * A record as it was consumed. `key` and `value` are the original bytes, null where the record has none. All of it is valid until
 * process() returns: bytes that are needed for longer are copied.
 */
export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  /** The record's own number in its partition. The position after it is one more. */
  readonly offset: number;
  /** Milliseconds since the epoch, as the record carries it. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Undefined where the record has none. */
  readonly headers?: RecordHeaders | undefined;
  /** Where it lies, if it lies in the memory of numbers/memory.ts. */
  readonly places?: RecordPlaces | undefined;
}

/** How the values of one store become bytes and back. The kernel adds a checksum; `format` is the version byte. */
export interface Codec<V> {
  /** 1 to 255: the format that `encode` writes, and the only one that `decode` is given. Raise it when the layout changes. */
  readonly format: number;
  encode(value: V): Buffer;
  /**
   * The memory that a live value takes, in bytes, roughly. Caches and transactions are bounded by it. It is called at the
   * value's first put in each transaction, so it has to be cheap; `arrayBytes` of state/state-bytes.ts helps.
   */
  bytes(value: V): number;
  /** @throws {RangeError} the bytes are not of this layout */
  decode(bytes: Buffer): V;
  /**
   * Readers of the older formats that a folder or a changelog may still hold; they throw as `decode` does. The next put of
   * such a value writes today's format. A format that has no reader is refused, and is never treated as damage.
   */
  readonly older?: Readonly<Record<number, (bytes: Buffer) => V>>;
  /** A series has several keys, `<topic>/<series>/<slot>`; without this it has one, `<topic>/<series>`. */
  readonly slotted?: true;
  /** What the HTTP path `/state/<store>/<key>` shows. */
  toJson(value: V): unknown;
}

/** Keyed state of one task, by {@link stateKey}. Values are live objects: change one in place, then put it. */
export interface StateStore<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  delete(key: string): void;
}

/**
 * A value of a {@link PackedStateStore}: its stored bytes themselves, where they lie in memory. Its body is `length` bytes from
 * byte `8 * at` of `bytes`; doubles stand at its front, little endian as on every machine that Node runs on, text behind them.
 * It may be used until process(), or `done` of a job, returns: after that its place may be another value's.
 */
export interface PackedValue {
  /** All memory that the value lies in, which other values share. */
  readonly bytes: Buffer;
  /** The same memory as doubles. */
  readonly doubles: Float64Array;
  /** Index of the body's first double in `doubles`. */
  readonly at: number;
  /** Bytes of the body. */
  readonly length: number;
}

/**
 * Keyed state of one task whose values are their stored bytes: nothing is decoded or encoded, and the heap does not see them.
 * A key is `<topic>/<series>`, see {@link stateKey}.
 */
export interface PackedStateStore {
  /** @throws {RecordError} `key-not-unicode` */
  get(key: string): PackedValue | undefined;
  /** A new value of `length` bytes, all zeros, in place of the one that the key may have; it counts as changed. */
  create(key: string, length: number): PackedValue;
  /** Says that a value is about to be changed: called before the first byte is, for each record. An abort brings back what it was. */
  touch(value: PackedValue): void;
  delete(key: string): void;
}

/** What the bytes of one packed store mean. The kernel adds a checksum, the format and what kind of record they are. */
export interface PackedCodec {
  readonly packed: true;
  /** 1 to 255: the format of today's values. Raise it when the layout changes. */
  readonly format: number;
  /**
   * Called once for each value that is read from a folder or a changelog.
   * @throws {RangeError} the bytes are not of this layout
   */
  check(body: Buffer): void;
  /**
   * Converters of the older formats that a folder or a changelog may still hold, from all that stands behind the format byte to a
   * body of today's format; they throw as `check` does. A format that has no converter is refused, and is never treated as damage.
   * What they get is as it was stored: of a value that was stored short, its short form.
   */
  readonly older?: Readonly<Record<number, (stored: Buffer) => Buffer>>;
  /** How a change is logged by itself, in place of the whole value; without it each commit logs whole values. */
  readonly steps?: PackedSteps;
  /** A series has several keys, `<topic>/<series>/<slot>`; without this it has one, `<topic>/<series>`. */
  readonly slotted?: true;
  /** What the HTTP path `/state/<store>/<key>` shows. */
  toJson(value: PackedValue): unknown;
}

/** Changes of a packed value that are numbered, and that the value still holds: its newest ones can be logged by themselves. */
export interface PackedSteps {
  /** Newest steps that a value holds; that many in a row may be logged by themselves. */
  readonly max: number;
  /** Steps of the value so far: the next one has this number. */
  count(value: PackedValue): number;
  /** Most bytes that {@link write} writes. */
  bytes(value: PackedValue): number;
  /** Writes the body of a step that the value still holds to `out` from byte `at` on. @returns its bytes */
  write(value: PackedValue, step: number, out: Buffer, at: number): number;
  /**
   * Does the step again on a value that has been restored so far. @returns false where the value has it already
   * @throws {RangeError} the value lacks a step before it, or the bytes are no step
   */
  apply(value: PackedValue, step: Buffer): boolean;
  /** As {@link apply}, for steps of older formats that a changelog may still hold; those of others are refused. */
  readonly older?: Readonly<Record<number, (value: PackedValue, step: Buffer) => boolean>>;
}

/** A topic that a service writes, and how its values become bytes. */
export interface OutputTopic<V> {
  readonly name: string;
  /** Topic configuration asked for when the topic is created. */
  readonly config: Readonly<Record<string, string>>;
  /** Name of the shape of its values in the contract; without it nobody else reads the topic. */
  readonly record?: string;
  /** @throws {RangeError} a number is not finite */
  encode(value: V): Buffer;
}

/** Of any store, where its values are not known. */
export type AnyCodec = Codec<object> | PackedCodec;

/** The stores of a service: `States` has the type of each one's values, which is {@link PackedValue} where it is a packed store. */
export type StoreCodecs<States> = { readonly [K in keyof States]: CodecOf<States[K]> };
export type StateStores<States> = { readonly [K in keyof States]: StoreOf<States[K]> };

type CodecOf<V> = V extends PackedValue ? PackedCodec : object extends V ? AnyCodec : Codec<V>;
type StoreOf<V> = V extends PackedValue
  ? PackedStateStore
  : object extends V
    ? StateStore<object> | PackedStateStore
    : StateStore<V>;

/** What process() and source() are given besides the record or the partition. */
export interface TaskContext<S, States, Metrics> {
  readonly settings: S;
  readonly stores: StateStores<States>;
  readonly metrics: Metrics;
  /** Writes to `topic` in the open transaction, with the input record's timestamp and, up to a bound, its headers. */
  forward<V>(topic: OutputTopic<V>, key: string, value: V): void;
  /**
   * As forward, for a result that is laid out in memory from numbers, see numbers/layout.ts. For services with inputs.
   * @returns false where it cannot be laid out, for want of room or since its topic has values of another form: nothing has happened
   *   then, and the result is to be forwarded
   * @throws {RangeError} a number is not finite
   */
  write(topic: OutputTopic<never>, layout: Layout, given: Given): boolean;
  /** What is written from here on for the record bears this time, in ms since the epoch, with the bound of the record's own. */
  stamp(timestamp: number): void;
  /**
   * Has the service's {@link HeavyWork} done on `job`, then calls `done` with the result.
   * - Later records may be processed before `done` is called. So put what they read before this call, and forward in `done`
   *   what must come out in the order of the records: `done` is called in that order.
   * - Nothing of a record is committed before its `done` has returned.
   * - `done` may use stores and forward as process() does. An error of the job or of `done` has the fate of one of process().
   * - `done` of a result with late parts is called before any later record of the partition is processed.
   */
  compute(job: Float64Array, parts: readonly number[], done: (result: JobResult) => void): void;
  /** Number of partitions of each input. */
  readonly partitions: number;
  /** `<APPLICATION_ID>-<service>`, with which the names of the service's own topics begin. */
  readonly application: string;
  /** Logs what a record showed. Lines are limited over time and the rest is left out, so count the case in a metric too. */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

interface ServiceEdges<D extends SettingDefinitions, States, Metrics> {
  /** In kebab-case. With APPLICATION_ID it names the group, the transactional id, the changelogs and the state folder. */
  readonly name: string;
  readonly settings: D;
  /** Faults that settings have together, as sentences that name them; called with the valid ones even where others are wrong. */
  check?(settings: Partial<Settings<D>>): readonly string[];
  outputs(settings: Settings<D>): readonly OutputTopic<never>[];
  readonly stores: StoreCodecs<States>;
  readonly slots?: SlotLists;
  /** Makes the service's own metrics, once per process; their names begin with `regatta_`. */
  metrics(registry: Registry): Metrics;
  /** Called when the task of this partition leaves the instance, so that the metrics of its series can be removed. */
  taskClosed?(partition: number, metrics: Metrics): void;
}

/** A service that consumes topics. */
export interface ProcessorService<D extends SettingDefinitions, States, Metrics>
  extends ServiceEdges<D, States, Metrics> {
  readonly kind: "processor";
  inputs(settings: Settings<D>): readonly string[];
  /** Inputs whose records may lie elsewhere than their series: what is forwarded to a `bySeriesTopic` of one is processed again. */
  repartitioned?(settings: Settings<D>): readonly string[];
  /** What {@link TaskContext.compute} does; without it compute must not be called. */
  readonly work?: HeavyWork<Settings<D>>;
  /**
   * Fetches what the records of a batch need and the process does not have; undefined where it has all. Called before process() sees
   * them. AwayError: the records wait, and it is called again.
   */
  fetch?(records: Iterable<InputRecord>, settings: Settings<D>): Promise<void> | undefined;
  /**
   * Processes one record. Synchronous; pure but for stores, forward, compute, metrics and warn.
   * @throws {RecordError} before it changed anything: the record is dead-lettered and nothing else happens.
   *   After any other error, or one that follows a put or forward, the transaction is aborted and its records are processed
   *   again; the record at fault is dead-lettered all the same.
   */
  process(record: InputRecord, context: TaskContext<Settings<D>, States, Metrics>): void;
}

/** One task of a source. What it generates next depends on its stores alone. */
export interface Source {
  /**
   * Forwards at most `limit` records that are due at `nowMs`.
   * @param nowMs milliseconds of a monotonic clock
   * @returns how many were forwarded
   */
  generate(nowMs: number, limit: number): number;
}

/** A service without input topics. Its tasks are the partitions of the changelog of its first store. */
export interface SourceService<D extends SettingDefinitions, States, Metrics> extends ServiceEdges<D, States, Metrics> {
  readonly kind: "source";
  /** @param partition this task's number, from 0 to `partitions` - 1 */
  source(partition: number, partitions: number, context: TaskContext<Settings<D>, States, Metrics>): Source;
}

export type ServiceDefinition<D extends SettingDefinitions, States, Metrics> =
  | ProcessorService<D, States, Metrics>
  | SourceService<D, States, Metrics>;

/** A service whose own types are not known. They are checked where it is defined; the kernel only hands its values through. */
export type AnyService = ServiceDefinition<SettingDefinitions, Record<string, object>, unknown>;
/** The context of a service whose own types are not known, see {@link AnyService}. */
export type AnyContext = TaskContext<never, Record<string, object>, unknown>;

/** The key of a series in a store: state is kept per input topic and series. A topic's name has no slash, so the first one separates. */
export function stateKey(topic: string, series: string): string {
  return `${topic}/${series}`;
}
