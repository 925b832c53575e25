/**
 * What the Kafka client alone can do, as a process of its own: no model, no state, no numbers.
 *
 *   node dist/test/bench/limits-program.js <brokers> <consume | produce | transactions | relay | commits> <input> <output> <records>
 *
 * It prints `{"seconds"}`, of the work without start and end.
 */
import { Consumer } from "../../shared/kafka/consumer.js";
import { Producer } from "../../shared/kafka/producer.js";
import { partitionsFrom } from "../../shared/kafka/topic-reader.js";
import { clientOptions } from "../support/kafka/kafka-topics.js";
import { PARTITIONS } from "./bench-kafka.js";

/** Two results of ten features, together what a record gives. */
const RESULT_BYTES = 350;
const RESULTS_PER_RECORD = 2;
const BATCH_RECORDS = 2000;
const COMMIT_INTERVAL_MS = 100;
const RECORD_BYTES_MAX = 1_000_000;
/** Series' keys are of this kind. */
const KEYS = Array.from({ length: 100 }, (_, at) => Buffer.from(`s${at}`));

const result = Buffer.alloc(RESULT_BYTES, "1");
const [brokers, work, input, output, count] = process.argv.slice(2);
const records = Number(count);
const options = clientOptions(brokers);

/** Reads all records of the input, and gives their number, batch by batch. */
async function eachBatch(take: (batch: number) => Promise<void>): Promise<void> {
  const consumer = await Consumer.connect(options, `limits-${process.pid}`);
  try {
    consumer.assign(partitionsFrom(input, PARTITIONS).map((place) => ({ ...place, position: "beginning" as const })));
    for (let read = 0; read < records; ) {
      const { length } = await consumer.consume(BATCH_RECORDS, 100);
      read += length;
      await take(length);
    }
  } finally {
    await consumer.disconnect();
  }
}

/** Results that go to Kafka, committed every 100 ms where there are transactions. */
class Results {
  readonly #producer: Producer;
  readonly #transactional: boolean;
  #written = 0;
  #committedMs = performance.now();

  private constructor(producer: Producer, transactional: boolean) {
    this.#producer = producer;
    this.#transactional = transactional;
  }

  static async open(transactional: boolean): Promise<Results> {
    const transactionalId = transactional ? `limits-${process.pid}` : undefined;
    const producer = await Producer.connect(options, { transactionalId, recordBytesMax: RECORD_BYTES_MAX });
    if (transactional) {
      await producer.initTransactions();
      await producer.begin();
    }
    return new Results(producer, transactional);
  }

  async write(results: number): Promise<void> {
    for (let k = 0; k < results; k++) {
      const key = KEYS[this.#written++ % KEYS.length];
      if (!this.#producer.produce(output, undefined, key, result)) {
        await this.#producer.produceWaiting(output, undefined, key, result);
      }
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
  const results = await Results.open(transactional);
  begun();
  for (let written = 0; written < records; written += BATCH_RECORDS) {
    await results.write(Math.min(BATCH_RECORDS, records - written));
    // Delivery reports and timers have their turn, as in a service's loop.
    await new Promise(setImmediate);
  }
  await results.close();
  ended();
  await results.disconnect();
}

async function relay(): Promise<void> {
  const results = await Results.open(true);
  begun();
  await eachBatch((batch) => results.write(RESULTS_PER_RECORD * batch));
  await results.close();
  ended();
  await results.disconnect();
}

/** Commits of one record each, one after the other. */
async function commits(): Promise<void> {
  const results = await Results.open(true);
  begun();
  for (let k = 0; k < records; k++) {
    await results.write(1);
    await results.commit();
  }
  ended();
  await results.disconnect();
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
    begun();
    await eachBatch(async () => {});
    ended();
  },
  produce: () => produceAll(false),
  transactions: () => produceAll(true),
  relay,
  commits,
};

await WORK[work]();
