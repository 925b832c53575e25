/**
 * Shows the first observations of a file as they would race: the producer's source and the deserializer's function run on stores in
 * memory, without Kafka and without a trace.
 */
import { Registry } from "prom-client";
import { deserializer } from "../../services/deserializer/service.js";
import { producer } from "../../services/producer/service.js";
import { type Environment, readSettings } from "../../shared/config.js";
import { observationSchema } from "../../shared/contract/schemas.js";
import { RecordError } from "../../shared/errors.js";
import { newPackedValue } from "../../shared/packed-value.js";
import type {
  AnyCodec,
  InputRecord,
  OutputTopic,
  PackedStateStore,
  PackedValue,
  StateStore,
  TaskContext,
} from "../../shared/service-definition.js";

/** Rows of the file that are read at most: lags need some before the first observation. */
const ROWS_MAX = 1000;
const ROWS_AT_ONCE = 10;
/** A second of the clock that a source is paced by. */
const TICK_MS = 1000;

interface Forwarded {
  readonly key: string;
  readonly value: Buffer;
}

/**
 * The first observations, one line each, and what is refused before the last of them.
 * @param environment settings of producer and deserializer
 * @param count       observations that are shown
 * @throws {ConfigurationError} the settings are wrong, or the file cannot be read or raced
 */
export function dryRun(environment: Environment, topic: string, count: number): string[] {
  const lines: string[] = [];
  let shown = 0;
  let rows = 0;
  const sent: Forwarded[] = [];
  const source = producer.source(0, 1, contextOf(producer, readSettings(producer.settings, environment), sent));
  const settings = readSettings(deserializer.settings, { ...environment, INPUT_TOPICS: topic });
  const observed: Forwarded[] = [];
  const context: Parameters<typeof deserializer.process>[1] = contextOf(deserializer, settings, observed);
  for (let tick = 0; shown < count && rows < ROWS_MAX; tick++) {
    const generated = source.generate(tick * TICK_MS, ROWS_AT_ONCE);
    // A source is paced: nothing passes at its first call.
    if (generated === 0 && tick > 0) break;
    for (const raw of sent.splice(0)) {
      if (shown === count) break;
      const refusal = refusalOf(() => deserializer.process(recordOf(topic, raw, rows), context));
      rows++;
      if (refusal !== undefined) lines.push(`refused: ${raw.key}: ${refusal}`);
      for (const { value } of observed.splice(0)) {
        lines.push(observationLine(value));
        shown++;
      }
    }
  }
  lines.push(
    `${shown} observations of the first ${rows} rows, as they would race on ${topic}. Nothing was sent, and nothing is kept.`,
  );
  return lines;
}

function observationLine(value: Buffer): string {
  const { series, i, y, x } = observationSchema.parse(JSON.parse(value.toString("utf8")));
  return `${series}  i ${i}  y ${y ?? "-"}  x ${x === undefined ? "-" : x.join(" ")}`;
}

function refusalOf(process: () => void): string | undefined {
  try {
    process();
    return undefined;
  } catch (error) {
    if (error instanceof RecordError) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

function recordOf(topic: string, { key, value }: Forwarded, offset: number): InputRecord {
  return { topic, partition: 0, offset, timestamp: Date.now(), key: Buffer.from(key), value };
}

/** A context over stores in memory; what is forwarded is added to `forwarded`. */
function contextOf<S, States, Metrics>(
  { stores, metrics }: { readonly stores: object; readonly metrics: (registry: Registry) => Metrics },
  settings: S,
  forwarded: Forwarded[],
): TaskContext<S, States, Metrics> {
  return {
    settings,
    stores: memoryStores(stores) as never,
    metrics: metrics(new Registry()),
    forward<V>({ encode }: OutputTopic<V>, key: string, value: V) {
      forwarded.push({ key, value: encode(value) });
    },
    // No room for results that are laid out in memory: they are forwarded.
    write: () => false,
    stamp: () => {},
    compute() {
      throw new Error("expected no heavy work");
    },
    partitions: 1,
    application: "regatta-dry-run",
    warn: () => {},
  };
}

function memoryStores(codecs: object): object {
  const made = Object.entries<AnyCodec>(codecs as never).map(([name, codec]) => [
    name,
    "packed" in codec ? packedStore() : liveStore(),
  ]);
  return Object.fromEntries(made);
}

function liveStore(): StateStore<object> {
  const values = new Map<string, object>();
  return {
    get: (key) => values.get(key),
    put: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
  };
}

function packedStore(): PackedStateStore {
  const values = new Map<string, PackedValue>();
  return {
    get: (key) => values.get(key),
    create(key, length) {
      const value = newPackedValue(length);
      values.set(key, value);
      return value;
    },
    touch: () => {},
    delete: (key) => void values.delete(key),
  };
}
