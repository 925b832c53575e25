/** Input of the bench: the producer's own deterministic records, in a topic that is filled before anything is timed. */
import { randomKey, recordText } from "../../services/producer/generator.js";
import { encodeObservation } from "../../shared/contract/schemas.js";
import { observationsTopic } from "../../shared/contract/topics.js";
import { Producer } from "../../shared/kafka/producer.js";
import { partitionOfKey } from "../../shared/partitioner.js";
import { seededRandom } from "../support/data/random-stream.js";
import { clientOptions } from "../support/kafka/kafka-topics.js";

const SEED = 1;
const RECORD_BYTES_MAX = 1_000_000;

/** Which series come how often. */
export type Popularity = "uniform" | { readonly zipf: number };

/** Records of one topic. */
export interface Input {
  /** Name of the raw topic; with observations, the raw topic that they name. */
  readonly raw: string;
  /** Raw text, or the observations that the deserializer makes of it. */
  readonly form: "raw" | "observations";
  /** Series s0, s1, ... */
  readonly series: number;
  readonly features?: number;
  readonly popularity?: Popularity;
  /** The partition that all its series lie in, where they are to lie in one. */
  readonly partition?: number;
}

/** Names of an input's series: the first that there are, or the first that lie in its partition. */
export function seriesNames({ series, partition }: Pick<Input, "series" | "partition">, partitions: number): string[] {
  const names: string[] = [];
  for (let k = 0; names.length < series; k++) {
    const name = `s${k}`;
    if (partition === undefined || partitionOfKey(Buffer.from(name), partitions) === partition) names.push(name);
  }
  return names;
}

/** The topic that holds the records of an input. */
export function topicOf({ raw, form }: Input): string {
  return form === "raw" ? raw : observationsTopic(raw).name;
}

/**
 * Writes the records `from` to `from + records` - 1 of an input. Record k of uniform popularity belongs to series k mod `series`,
 * so that all of them advance evenly; otherwise the first of its series has rank 1, and so on.
 */
export async function writeInput(
  brokers: string,
  input: Input,
  partitions: number,
  records: number,
  from = 0,
): Promise<void> {
  const names = seriesNames(input, partitions);
  const { series, features = 10, popularity = "uniform" } = input;
  const topic = topicOf(input);
  const nextOf = popularity === "uniform" ? (k: number) => k % series : zipf(series, popularity.zipf);
  const streams: (Stream | undefined)[] = new Array(series);
  const normals = new Float64Array(features + 1);
  const producer = await Producer.connect(clientOptions(brokers), { recordBytesMax: RECORD_BYTES_MAX });
  try {
    for (let k = from; k < from + records; k++) {
      const at = nextOf(k);
      streams[at] ??= newStream(input, names[at], popularity === "uniform" ? Math.ceil((from - at) / series) : from);
      const stream = streams[at];
      const text = recordText(stream.randomKey, "linear", stream.next++, normals);
      const value = input.form === "raw" ? Buffer.from(text) : observationOf(input.raw, names[at], text);
      if (!producer.produce(topic, undefined, stream.key, value)) {
        await producer.produceWaiting(topic, undefined, stream.key, value);
      }
    }
    await producer.flush();
  } finally {
    await producer.disconnect();
  }
}

interface Stream {
  readonly key: Buffer;
  readonly randomKey: ReturnType<typeof randomKey>;
  /** i of its next record. */
  next: number;
}

function newStream({ raw }: Input, series: string, next: number): Stream {
  return { key: Buffer.from(series), randomKey: randomKey(SEED, raw, series), next: Math.max(0, next) };
}

function observationOf(topic: string, series: string, text: string): Buffer {
  const [i, y, ...x] = JSON.parse(text) as number[];
  return encodeObservation({ topic, series, i, y, x });
}

/** Ranks drawn with probability 1 / rank^s, by the inverse of their cumulated probability. */
function zipf(series: number, s: number): () => number {
  const random = seededRandom(SEED);
  const cumulated = new Float64Array(series);
  let sum = 0;
  for (let at = 0; at < series; at++) cumulated[at] = sum += (at + 1) ** -s;
  return () => {
    const drawn = random() * sum;
    let [least, most] = [0, series - 1];
    while (least < most) {
      const middle = (least + most) >> 1;
      if (cumulated[middle] > drawn) most = middle;
      else least = middle + 1;
    }
    return least;
  };
}
