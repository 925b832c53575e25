/** A task's surroundings in memory, for tests of a process function or a source alone: no Kafka, no LevelDB. */

import type { Registry } from "prom-client";
import { committedCounters } from "../../shared/committed-counter.js";
import type { JobResult, JobRunner } from "../../shared/heavy-work.js";
import { render } from "../../shared/numbers/layout.js";
import { codecBytes, regions } from "../../shared/numbers/memory.js";
import type { Given, Layout } from "../../shared/result-layout.js";
import type { Codec, OutputTopic, StateStore, StateStores, TaskContext } from "../../shared/service-definition.js";

/** A record as it would be written. */
export interface ForwardedRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
}

/** One store, with what tests ask of it. */
export interface MemoryStore<V> extends StateStore<V> {
  /** Times that get was called. */
  readonly reads: number;
  keys(): string[];
  /** Makes all that was put since the last commit or abort last, as bytes. */
  commit(): void;
  /** Takes back all that was put since the last commit or abort. */
  abort(): void;
}

/** A store whose values go through `codec` at every commit, so what a codec drops is missing afterwards. */
export function memoryStore<V>(codec: Codec<V>): MemoryStore<V> {
  const committed = new Map<string, Buffer>();
  const live = new Map<string, V | undefined>();
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    get(key) {
      reads += 1;
      if (live.has(key)) return live.get(key);
      const bytes = committed.get(key);
      return bytes === undefined ? undefined : codec.decode(bytes);
    },
    put(key, value) {
      live.set(key, value);
    },
    delete(key) {
      live.set(key, undefined);
    },
    keys: () => [...new Set([...committed.keys(), ...live.keys()])].sort(),
    commit() {
      for (const [key, value] of live) {
        if (value === undefined) committed.delete(key);
        else committed.set(key, codec.encode(value));
      }
      live.clear();
    },
    abort: () => live.clear(),
  };
}

/**
 * The result of a job that is done in this thread.
 * @param neverAnswers whether an error of a part stands for a part that does not end
 */
export function doneAtOnce(
  runner: JobRunner,
  job: Float64Array,
  parts: readonly number[],
  neverAnswers: (error: unknown) => boolean = () => false,
): JobResult {
  const late: number[] = [];
  const numbers = Float64Array.from(parts, (part) => {
    try {
      return runner(job, part);
    } catch (error) {
      if (!neverAnswers(error)) throw error;
      late.push(part);
      return Number.NaN;
    }
  });
  return { numbers, late };
}

/** A result of a layout, as bytes of its own. */
export function laidOut(layout: Layout, given: Given): { readonly key: Buffer; readonly value: Buffer } {
  const { at } = regions.results;
  const end = render(layout, given, at);
  const valueAt = at + given.keyLength;
  return { key: Buffer.from(codecBytes.subarray(at, valueAt)), value: Buffer.from(codecBytes.subarray(valueAt, end)) };
}

/**
 * A context over `stores` that adds what is forwarded to `forwarded`, encoded at once.
 * @param runner does the heavy work at once; without it there is none
 */
export function memoryContext<S, States, Metrics>(
  settings: S,
  stores: StateStores<States>,
  metrics: Metrics,
  forwarded: ForwardedRecord[],
  runner?: JobRunner,
): TaskContext<S, States, Metrics> {
  return {
    settings,
    stores,
    metrics,
    forward<V>(topic: OutputTopic<V>, key: string, value: V) {
      forwarded.push({ topic: topic.name, key, value: topic.encode(value).toString("utf8") });
    },
    write(topic, layout, given) {
      const { key, value } = laidOut(layout, given);
      forwarded.push({ topic: topic.name, key: key.toString("utf8"), value: value.toString("utf8") });
      return true;
    },
    stamp() {
      throw new Error("expected a topology driver, which keeps timestamps");
    },
    compute(job, parts, done) {
      if (runner === undefined) throw new Error("expected a runner for heavy work, got none");
      done(doneAtOnce(runner, job, parts));
    },
    partitions: 1,
    application: "regatta-test",
    warn: () => {},
  };
}

/** As the kernel does with a commit: what a service counted shows. */
export function commitCounters(registry: Registry): void {
  for (const counter of committedCounters(registry)) {
    counter.seal();
    counter.committed();
  }
}
