/**
 * Runs one task of a service in memory, record by record, without Kafka: what it would forward, keep and dead-letter. It is
 * stricter than the kernel: where a service breaks its contract (an error after a change, a topic it did not declare, another
 * error than a RecordError), the driver throws, since a test should hear of it.
 */
import { Registry } from "prom-client";
import { type Environment, readSettings, type SettingDefinitions, type Settings } from "../../shared/config.js";
import { ownInputs } from "../../shared/contract/own-inputs.js";
import { RecordError } from "../../shared/errors.js";
import type { JobRunner } from "../../shared/heavy-work.js";
import type {
  AnyCodec,
  InputRecord,
  OutputTopic,
  ProcessorService,
  StateStores,
  TaskContext,
} from "../../shared/service-definition.js";
import { NeverAnswers } from "../support/programs/never-answers.js";
import { type DriverStore, newDriverStore } from "./driver-store.js";
import { commitCounters, doneAtOnce, laidOut } from "./task-context.js";

/** Stores of a service whose types are not known. */
export type AnyStates = Record<string, unknown>;

/** Any service that consumes topics. */
export type AnyProcessor = ProcessorService<SettingDefinitions, AnyStates, unknown>;

/** Partitions that each input seems to have. */
const PARTITIONS = 4;

/** A record as a service forwarded it, encoded. */
export interface DriverOutput {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
  /** Of the record at hand, in milliseconds since the epoch. */
  readonly timestamp: number;
}

/** A record that a service rejected. */
export interface DriverDeadLetter {
  readonly reason: string;
  readonly message: string;
  readonly record: InputRecord;
}

/** What one record led to: outputs in the order of forwarding, or one dead letter. */
export interface DriverResult {
  readonly outputs: readonly DriverOutput[];
  readonly deadLetters: readonly DriverDeadLetter[];
}

/** See the file's head. Its life is that of one task: state stays from record to record. */
export class TopologyDriver<
  D extends SettingDefinitions = SettingDefinitions,
  States extends AnyStates = AnyStates,
  Metrics = unknown,
> {
  readonly settings: Settings<D>;
  readonly metrics: Metrics;
  /** What the service warned of. */
  readonly warnings: Readonly<Record<string, unknown>>[] = [];
  /** The registry that the service's metrics are in. */
  readonly registry = new Registry();
  readonly #definition: ProcessorService<D, States, Metrics>;
  readonly #stores = new Map<string, DriverStore>();
  readonly #application: string;
  readonly #outputNames: ReadonlySet<string>;
  readonly #runner: JobRunner | undefined;
  readonly #heldMax: number;
  readonly #held: (() => void)[] = [];

  /**
   * @param environment texts of settings, by environment variable; the rest have their defaults
   * @param options     `roundTrip`: every value passes its codec at put and at get, as after an eviction or a restart;
   *   else stores hold live objects. `heldJobs`: so many records after a record its heavy work is done, and what that leads
   *   to is added to its result then, as with worker threads; at once by default. Results must not depend on either.
   * @throws {ConfigurationError} the settings are wrong
   */
  constructor(
    definition: ProcessorService<D, States, Metrics>,
    environment: Environment = {},
    options: { readonly roundTrip?: boolean; readonly heldJobs?: number } = {},
  ) {
    this.#definition = definition;
    this.#heldMax = options.heldJobs ?? 0;
    this.settings = readSettings(definition.settings, environment, (read) => definition.check?.(read) ?? []);
    this.metrics = definition.metrics(this.registry);
    this.#runner = definition.work?.runner(this.settings);
    this.#application = `regatta-${definition.name}`;
    const outputs = [...definition.outputs(this.settings), ...ownInputs(definition, this.settings, this.#application)];
    this.#outputNames = new Set(outputs.map((topic) => topic.name));
    for (const [name, codec] of Object.entries(definition.stores as Record<string, AnyCodec>)) {
      this.#stores.set(name, newDriverStore(codec, options.roundTrip ?? false));
    }
  }

  /**
   * Processes one record.
   * @throws {Error} the service broke its contract; the cause is what it threw
   */
  pipe(record: InputRecord): DriverResult {
    const outputs: DriverOutput[] = [];
    let changes = 0;
    let { timestamp } = record;
    const context: TaskContext<Settings<D>, States, Metrics> = {
      settings: this.settings,
      metrics: this.metrics,
      stores: this.#storesOf(() => changes++),
      forward: <V>(topic: OutputTopic<V>, key: string, value: V) => {
        changes++;
        if (!this.#outputNames.has(topic.name)) throw new Error(`${topic.name} is not among the outputs declared`);
        outputs.push({ topic: topic.name, key, value: topic.encode(value), timestamp });
      },
      write: (topic, layout, given) => {
        changes++;
        if (!this.#outputNames.has(topic.name)) throw new Error(`${topic.name} is not among the outputs declared`);
        const { key, value } = laidOut(layout, given);
        outputs.push({ topic: topic.name, key: key.toString("utf8"), value, timestamp });
        return true;
      },
      stamp: (time) => {
        timestamp = time;
      },
      compute: (job, parts, done) => {
        const runner = this.#runner;
        if (runner === undefined) throw new Error(`${this.#definition.name} declares no heavy work`);
        const finish = () => done(doneAtOnce(runner, job, parts, (error) => error instanceof NeverAnswers));
        if (this.#heldMax === 0) finish();
        else this.#held.push(finish);
      },
      partitions: PARTITIONS,
      application: this.#application,
      warn: (fields, message) => this.warnings.push({ ...fields, message }),
    };
    try {
      this.#definition.process(record, context);
    } catch (error) {
      const origin = `${this.#definition.name} at ${record.topic}[${record.partition}]@${record.offset}`;
      if (!(error instanceof RecordError)) {
        throw new Error(`${origin}: expected a RecordError or none, got ${error}`, { cause: error });
      }
      if (changes > 0) throw new Error(`${origin}: RecordError after ${changes} puts and forwards`, { cause: error });
      return { outputs: [], deadLetters: [{ reason: error.reason, message: error.message, record }] };
    }
    while (this.#held.length > this.#heldMax) this.#held.shift()?.();
    commitCounters(this.registry);
    return { outputs, deadLetters: [] };
  }

  /** Does the heavy work that is held back. */
  settle(): void {
    for (const finish of this.#held.splice(0)) finish();
    commitCounters(this.registry);
  }

  /**
   * A task of the same service that goes on from this one's state, as after a restart: every value passes its codec.
   * @param environment settings of the new run
   * @param options     as of the constructor
   */
  restarted(
    environment: Environment,
    options: { readonly roundTrip?: boolean; readonly heldJobs?: number } = {},
  ): TopologyDriver<D, States, Metrics> {
    const next = new TopologyDriver(this.#definition, environment, options);
    for (const [name, store] of this.#stores) {
      for (const key of store.keys()) next.#store(name).restore(key, present(store.bytes(key), key));
    }
    return next;
  }

  /** Keys of a store, sorted. */
  keys(store: keyof States & string): string[] {
    return [...this.#store(store).keys()].sort();
  }

  /**
   * The encoded value of a key, as LevelDB and the changelog hold it but for the kernel's checksum.
   * @throws {Error} the store has no such key
   */
  bytes(store: keyof States & string, key: string): Buffer {
    return present(this.#store(store).bytes(key), key);
  }

  /**
   * What `/state/<store>/<key>` shows.
   * @throws {Error} the store has no such key
   */
  json(store: keyof States & string, key: string): unknown {
    return present(this.#store(store).json(key), key);
  }

  #store(name: string): DriverStore {
    const store = this.#stores.get(name);
    if (store === undefined) throw new Error(`${this.#definition.name} has no store ${name}`);
    return store;
  }

  #storesOf(changed: () => void): StateStores<States> {
    const stores = Object.fromEntries([...this.#stores].map(([name, { access }]) => [name, access(changed)]));
    return stores as unknown as StateStores<States>;
  }
}

function present<V>(value: V | undefined, key: string): V {
  if (value === undefined) throw new Error(`expected a value of ${key}, got none`);
  return value;
}
