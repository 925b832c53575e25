/**
 * The offline model: recomputes every output of a chain of services from the raw records, in one process, without Kafka and
 * without stores on disk. What a run on Kafka published under faults must equal what comes out here.
 */
import type { Environment } from "../../../shared/config.js";
import type { InputRecord } from "../../../shared/service-definition.js";
import {
  type AnyProcessor,
  type DriverDeadLetter,
  type DriverOutput,
  TopologyDriver,
} from "../../driver/topology-driver.js";

/** A rejected record and who rejected it. */
export interface OfflineDeadLetter extends DriverDeadLetter {
  readonly service: string;
}

/** Everything that a run must have led to. */
export interface OfflineResult {
  /** Per topic, in the order of forwarding; within a series that is the order of its raw records. */
  readonly outputs: ReadonlyMap<string, readonly DriverOutput[]>;
  /**
   * In the order of service, topic, partition and offset. Partition and offset are Kafka's own for raw records only: of a
   * topic between two services the offsets here have no gaps, while on Kafka transaction markers take offsets too, and its
   * partitions are not those of Kafka's key hash.
   */
  readonly deadLetters: readonly OfflineDeadLetter[];
  /** What every store holds at the end, by service, store, partition and key. Partitions: see `deadLetters`. */
  readonly states: readonly OfflineState[];
}

/** The value of one key of one store. */
export interface OfflineState {
  readonly service: string;
  readonly store: string;
  readonly partition: number;
  readonly key: string;
  /** As the codec encodes it, without the kernel's checksum. */
  readonly bytes: Buffer;
}

/** See {@link recompute}. */
export interface OfflineOptions {
  /** Settings per service name, as environment variables; the defaults where nothing is given. */
  readonly environments?: Readonly<Record<string, Environment>>;
  /** Partitions of the topics between services; results do not depend on it. 1 by default. */
  readonly partitions?: number;
  /** Whether every value passes its codec at each record, see {@link TopologyDriver}. */
  readonly roundTrip?: boolean;
}

/**
 * @param services in the direction of the flow: none reads what a later one writes
 * @param records  raw records of one or several topics, those of a partition in the order of their offsets
 * @throws {Error} a service reads its own or a later one's output, a partition is not in order, or a service broke its contract
 */
export function recompute(
  services: readonly AnyProcessor[],
  records: readonly InputRecord[],
  options: OfflineOptions = {},
): OfflineResult {
  const { environments = {}, partitions = 1, roundTrip = false } = options;
  checkOffsets(records);
  const written = new Map<string, DriverOutput[]>();
  const deadLetters: OfflineDeadLetter[] = [];
  const states: OfflineState[] = [];
  const consumed = new Set<string>();
  for (const service of services) {
    const tasks = new Map<number, TopologyDriver>();
    const newTask = () => new TopologyDriver(service, environments[service.name], { roundTrip });
    const { settings } = newTask();
    const produced: DriverOutput[] = [];
    for (const topic of service.inputs(settings)) {
      consumed.add(topic);
      const inputs = [...records.filter((record) => record.topic === topic), ...placed(written.get(topic), partitions)];
      for (const record of inputs) {
        const task = tasks.get(record.partition) ?? newTask();
        tasks.set(record.partition, task);
        const result = task.pipe(record);
        produced.push(...result.outputs);
        for (const deadLetter of result.deadLetters) deadLetters.push({ service: service.name, ...deadLetter });
      }
    }
    for (const { name } of service.outputs(settings)) {
      if (consumed.has(name)) throw new Error(`${service.name} writes ${name}, which it or an earlier service reads`);
      if (!written.has(name)) written.set(name, []);
    }
    for (const output of produced) written.get(output.topic)?.push(output);
    states.push(...statesOf(service, tasks));
  }
  return { outputs: written, deadLetters: deadLetters.sort(byOrigin), states };
}

/** Gives records of a topic between services a partition and an offset: series in turn, as they first appear. */
function placed(outputs: readonly DriverOutput[] | undefined, partitions: number): InputRecord[] {
  const partitionOfKey = new Map<string, number>();
  const positions = new Array<number>(partitions).fill(0);
  return (outputs ?? []).map(({ topic, key, value, timestamp }) => {
    const partition = partitionOfKey.get(key) ?? partitionOfKey.size % partitions;
    partitionOfKey.set(key, partition);
    return { topic, partition, offset: positions[partition]++, timestamp, key: Buffer.from(key), value };
  });
}

function statesOf(service: AnyProcessor, tasks: ReadonlyMap<number, TopologyDriver>): OfflineState[] {
  const states: OfflineState[] = [];
  for (const store of Object.keys(service.stores).sort()) {
    for (const [partition, task] of [...tasks].sort(([a], [b]) => a - b)) {
      for (const key of task.keys(store)) {
        states.push({ service: service.name, store, partition, key, bytes: task.bytes(store, key) });
      }
    }
  }
  return states;
}

function checkOffsets(records: readonly InputRecord[]): void {
  const last = new Map<string, number>();
  for (const { topic, partition, offset } of records) {
    const before = last.get(`${topic}/${partition}`) ?? -1;
    if (offset <= before) throw new Error(`${topic}[${partition}]: expected an offset above ${before}, got ${offset}`);
    last.set(`${topic}/${partition}`, offset);
  }
}

function byOrigin(a: OfflineDeadLetter, b: OfflineDeadLetter): number {
  return (
    a.service.localeCompare(b.service) ||
    a.record.topic.localeCompare(b.record.topic) ||
    a.record.partition - b.record.partition ||
    a.record.offset - b.record.offset
  );
}
