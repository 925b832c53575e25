/**
 * What the Kafka client alone can do, as a process of its own: no model, no state, no numbers.
 *
 *   node dist/test/bench/limits-program.js <brokers> <consume | produce | transactions | relay | commits> <input> <output> <records>
 *
 * It prints `{"seconds"}`, of the work without start and end.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Consumer } from "../../shared/kafka/consumer.js";
import { Producer } from "../../shared/kafka/producer.js";
import { Column, newRoom, type RecordBatch, ROW } from "../../shared/kafka/record-batch.js";
import { partitionsFrom } from "../../shared/kafka/topic-reader.js";
import { clientOptions } from "../support/kafka/kafka-topics.js";
import { PARTITIONS } from "./bench-kafka.js";

/** Two results of ten features, together what a record gives. */
const RESULT_BYTES = 350;
const RESULTS_PER_RECORD = 2;
const BATCH_RECORDS = 2000;
const COMMIT_INTERVAL_MS = 100;
const RECORD_BYTES_MAX = 1_000_000;
/** Bytes of a batch that is read: records of a few hundred bytes. */
const ROOM_BYTES = 4 * 2 ** 20;
/** While the client's queue is full. */
const QUEUE_FULL_WAIT_MS = 1;

const [brokers, work, input, output, count] = process.argv.slice(2);
const records = Number(count);
const options = clientOptions(brokers);
const results = resultBatch(RESULTS_PER_RECORD * BATCH_RECORDS);

/** Results that are all alike but for their keys: those of a hundred series in turn. */
function resultBatch(count: number): RecordBatch {
  const keys = Array.from({ length: 100 }, (_, at) => Buffer.from(`s${at}`));
  const keyPlaces = keys.map((_, at) => RESULT_BYTES + Buffer.concat(keys.slice(0, at)).length);
  const rows = new Float64Array(ROW * count);
  for (let k = 0; k < count; k++) {
    const row = rows.subarray(ROW * k, ROW * (k + 1));
    row[Column.partition] = -1;
    row[Column.keyAt] = keyPlaces[k % keys.length];
    row[Column.keyLength] = keys[k % keys.length].length;
    row[Column.valueLength] = RESULT_BYTES;
  }
  const bytes = Buffer.concat([Buffer.alloc(RESULT_BYTES, "1"), ...keys]);
  return { count, topics: [output], bytes, rows, headers: new Float64Array(0) };
}

/** Reads all records of the input, and gives their number, batch by batch. The work begins once it is connected. */
async function eachBatch(take: (batch: number) => Promise<void>): Promise<void> {
  const consumer = await Consumer.connect(options, `limits-${process.pid}`);
  try {
    consumer.assign(partitionsFrom(input, PARTITIONS).map((place) => ({ ...place, position: "beginning" as const })));
    begun();
    const room = newRoom(BATCH_RECORDS, ROOM_BYTES);
    for (let read = 0; read < records; ) {
      const { count } = await consumer.consumeBatch(BATCH_RECORDS, 100, room);
      read += count;
      await take(count);
    }
  } finally {
    await consumer.disconnect();
  }
}

/** Results that go to Kafka, committed every 100 ms where there are transactions. */
class Output {
  readonly #producer: Producer;
  readonly #transactional: boolean;
  #committedMs = performance.now();

  private constructor(producer: Producer, transactional: boolean) {
    this.#producer = producer;
    this.#transactional = transactional;
  }

  static async open(transactional: boolean): Promise<Output> {
    const transactionalId = transactional ? `limits-${process.pid}` : undefined;
    const producer = await Producer.connect(options, { transactionalId, recordBytesMax: RECORD_BYTES_MAX });
    if (transactional) {
      await producer.initTransactions();
      await producer.begin();
    }
    return new Output(producer, transactional);
  }

  /** @param count as many as a batch of records gives, or fewer */
  async write(count: number): Promise<void> {
    const batch = { ...results, count };
    for (let next = 0; next < count; ) {
      const taken = this.#producer.produceBatch(batch, next);
      if (taken < count) await delay(QUEUE_FULL_WAIT_MS);
      next = taken;
    }
    if (this.#transactional && performance.now() - this.#committedMs >= COMMIT_INTERVAL_MS) await this.commit();
  }

  async commit(): Promise<void> {
    await this.#producer.commitTransaction();
    await this.#producer.begin();
    this.#committedMs = performance.now();
  }

  async close(): Promise<void> {
    if (this.#transactional) await this.commit();
    else await this.#producer.flush();
  }

  async disconnect(): Promise<void> {
    await this.#producer.disconnect();
  }
}

async function produceAll(transactional: boolean): Promise<void> {
  const out = await Output.open(transactional);
  begun();
  for (let written = 0; written < records; written += BATCH_RECORDS) {
    await out.write(Math.min(BATCH_RECORDS, records - written));
    // Delivery reports and timers have their turn, as in a service's loop.
    await new Promise(setImmediate);
  }
  await out.close();
  ended();
  await out.disconnect();
}

async function relay(): Promise<void> {
  const out = await Output.open(true);
  await eachBatch((batch) => out.write(RESULTS_PER_RECORD * batch));
  await out.close();
  ended();
  await out.disconnect();
}

/** Commits of one record each, one after the other. */
async function commits(): Promise<void> {
  const out = await Output.open(true);
  begun();
  for (let k = 0; k < records; k++) {
    await out.write(1);
    await out.commit();
  }
  ended();
  await out.disconnect();
}

let begunMs = 0;
function begun(): void {
  begunMs = performance.now();
}
function ended(): void {
  console.log(JSON.stringify({ seconds: (performance.now() - begunMs) / 1000 }));
}

const WORK: Readonly<Record<string, () => Promise<void>>> = {
  async consume() {
    await eachBatch(async () => {});
    ended();
  },
  produce: () => produceAll(false),
  transactions: () => produceAll(true),
  relay,
  commits,
};

await WORK[work]();
