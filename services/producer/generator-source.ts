/**
 * One task of the generator: which record comes next, and when. Series k belongs to task k mod partitions; a stream is
 * one series on one topic. The task takes its streams in turn, one record each, so all advance evenly.
 */
import { LRUCache } from "lru-cache";
import { rawTopic } from "../../shared/contract/topics.js";
import { type OutputTopic, type Source, stateKey, type TaskContext } from "../../shared/service-definition.js";
import { CURSOR_KEY, type ProducerStates } from "./counters.js";
import { randomKey, recordText, type Target } from "./generator.js";
import type { PhiloxKey } from "./philox.js";
import { tokenBucket } from "./token-bucket.js";

/** Streams of all tasks whose key is kept ready; with more of them it is hashed again at every record. About 0.5 kB each. */
const STREAMS_CACHED_MAX = 65_536;

/** A raw topic and the target of its records. */
export interface GeneratedTopic {
  readonly name: string;
  readonly target: Target;
}

/** What the generator is asked for. */
export interface GeneratorSettings {
  readonly topics: readonly GeneratedTopic[];
  /** Series of each topic over all tasks. */
  readonly series: number;
  readonly features: number;
  /** Records per second of each topic over all tasks. */
  readonly rate: number;
  readonly seed: number;
  /** Records of each series, 0 for no end. */
  readonly records: number;
}

interface Stream {
  readonly output: OutputTopic<string>;
  readonly target: Target;
  readonly series: string;
  readonly counterKey: string;
  readonly randomKey: PhiloxKey;
}

/**
 * The task that generates the series k with k mod `partitions` = `partition`, named `s<k>`. Each stream has an equal share
 * of the rate; the share of a stream that has reached its end is not given to others.
 */
export function generatorSource(
  partition: number,
  partitions: number,
  context: TaskContext<GeneratorSettings, ProducerStates, unknown>,
): Source {
  const { settings } = context;
  const { counters } = context.stores;
  const outputs = settings.topics.map(({ name }) => rawTopic(name));
  const streamCount = seriesOfTask(settings.series, partition, partitions) * outputs.length;
  const bucket = tokenBucket((settings.rate * streamCount) / settings.series);
  const normals = new Float64Array(settings.features + 1);
  const cache = new LRUCache<number, Stream>({
    max: Math.ceil(STREAMS_CACHED_MAX / partitions),
    memoMethod: streamAt,
  });
  /** Streams at their end that were visited since the cursor moved. */
  let passedOver = 0;

  function streamAt(position: number): Stream {
    const { name, target } = settings.topics[position % outputs.length];
    const series = `s${partition + Math.floor(position / outputs.length) * partitions}`;
    const output = outputs[position % outputs.length];
    return {
      output,
      target,
      series,
      counterKey: stateKey(name, series),
      randomKey: randomKey(settings.seed, name, series),
    };
  }

  /** @returns whether the stream had a record left */
  function forwardNext(stream: Stream): boolean {
    const counter = counters.get(stream.counterKey) ?? { next: 0 };
    if (settings.records > 0 && counter.next >= settings.records) return false;
    context.forward(stream.output, stream.series, recordText(stream.randomKey, stream.target, counter.next, normals));
    counter.next += 1;
    counters.put(stream.counterKey, counter);
    return true;
  }

  return {
    generate(nowMs, limit) {
      const due = Math.min(limit, bucket.due(nowMs));
      if (due === 0 || streamCount === 0) return 0;
      // The cursor is state like the counters. Kept in memory alone, every restart would begin with the first streams
      // again, and a task with more streams than records between two restarts would never reach its last ones.
      const cursor = counters.get(CURSOR_KEY) ?? { next: 0 };
      let visited = 0;
      let forwarded = 0;
      while (visited < due && passedOver < streamCount) {
        visited += 1;
        const position = (cursor.next + passedOver) % streamCount;
        if (forwardNext(cache.memo(position))) {
          forwarded += 1;
          cursor.next = (position + 1) % streamCount;
          passedOver = 0;
        } else passedOver += 1;
      }
      if (passedOver === streamCount) passedOver = 0;
      bucket.take(visited);
      if (forwarded > 0) counters.put(CURSOR_KEY, cursor);
      return forwarded;
    },
  };
}

/** How many of the series 0 to `series` - 1 belong to task `partition` of `partitions`. */
function seriesOfTask(series: number, partition: number, partitions: number): number {
  return Math.max(0, Math.ceil((series - partition) / partitions));
}
