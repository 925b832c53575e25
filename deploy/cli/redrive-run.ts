/**
 * One run of `npm run redrive`: the letters that lie in the topic of dead letters when it begins. What is rejected again while it
 * lasts lies after that, so that nothing goes round in it.
 */
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { type DeadLetterRecord, deadLetterOf, placeName } from "./dead-letter.js";
import type { DeadLettersTopic } from "./dead-letters-topic.js";
import { LetterCounts } from "./letter-counts.js";
import { type LetterFilter, matches } from "./letter-filter.js";
import { LetterSender, type Redrive } from "./letter-sender.js";
import { withOriginal } from "./original-record.js";
import { RedrivenLetters } from "./redriven-letters.js";

/** A transaction has at most so many letters, and so many bytes of their values. */
const BATCH_LETTERS = 500;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Letters that stay are told one by one up to here. */
const STAYING_TOLD_MAX = 20;

export interface RedriveOptions {
  readonly filter: LetterFilter;
  readonly dryRun: boolean;
  readonly stop: AbortSignal;
  /** Called after each transaction with the number of letters sent so far. */
  onSent(letters: number): void;
}

/** What came of the letters that match. */
export interface RedriveResult {
  /** Those that were sent, or would be. */
  readonly sent: LetterCounts;
  /** How many an earlier run has sent. */
  readonly sentBefore: number;
  readonly staying: number;
  /** Letters that were not sent and why, as sentences: the first {@link STAYING_TOLD_MAX}. */
  readonly stayingTold: readonly string[];
}

/**
 * Sends each letter that matches and was not sent before, once. Killed at any moment, another run does the rest.
 * @throws {KafkaError} the broker does not answer: the next run finds what was sent
 * @throws `stop`'s reason, after the transaction under way
 */
export async function redrive(topic: DeadLettersTopic, options: RedriveOptions): Promise<RedriveResult> {
  const { admin, topicId, replicationFactor } = topic;
  const readRedriven = () => RedrivenLetters.read(topic.options, admin, topicId);
  if (options.dryRun) return new RedriveRun(topic, options, { redriven: await readRedriven() }).run();
  await RedrivenLetters.createTopic(admin, replicationFactor);
  const sender = await LetterSender.connect(topic.options, readRedriven);
  try {
    return await new RedriveRun(topic, options, sender).run();
  } finally {
    await sender.disconnect();
  }
}

type Sender = Pick<LetterSender, "redriven"> & Partial<Pick<LetterSender, "send">>;

class RedriveRun {
  readonly #topic: DeadLettersTopic;
  readonly #options: RedriveOptions;
  /** Without `send` nothing is sent. */
  readonly #sender: Sender;
  readonly #sent = new LetterCounts();
  readonly #told: string[] = [];
  #sentBefore = 0;
  #staying = 0;
  #batch: Redrive[] = [];
  #batchBytes = 0;
  /** Partitions of the topics that letters came from, 0 where there is none. */
  readonly #partitions = new Map<string, number>();

  constructor(topic: DeadLettersTopic, options: RedriveOptions, sender: Sender) {
    this.#topic = topic;
    this.#options = options;
    this.#sender = sender;
  }

  async run(): Promise<RedriveResult> {
    await this.#topic.read(await this.#topic.pieces(), (record) => this.#take(record));
    await this.#send();
    return {
      sent: this.#sent,
      sentBefore: this.#sentBefore,
      staying: this.#staying,
      stayingTold: this.#told,
    };
  }

  async #take(record: ConsumedRecord): Promise<void> {
    this.#options.stop.throwIfAborted();
    const letter = deadLetterOf(record);
    if (letter === undefined || !matches(this.#options.filter, letter)) return;
    if (this.#sender.redriven.has(letter)) {
      this.#sentBefore++;
      return;
    }
    const found = await this.#redriveOf(letter);
    if (typeof found === "string") {
      this.#stays(letter, found);
      return;
    }
    this.#batch.push(found);
    this.#batchBytes += found.letter.value?.length ?? 0;
    if (this.#batch.length >= BATCH_LETTERS || this.#batchBytes >= BATCH_BYTES) await this.#send();
  }

  /** @returns what to send, or why it cannot be sent */
  async #redriveOf(letter: DeadLetterRecord): Promise<Redrive | string> {
    const { topic, partition } = letter.origin;
    const partitions = await this.#partitionsOf(topic);
    if (partitions === 0) return `there is no topic ${topic}`;
    if (partition !== undefined && partition >= partitions) return `${topic} has no partition ${partition}`;
    const whole = letter.isEnvelope ? await this.#originalOf(letter) : letter;
    if (whole === undefined)
      return `only length and SHA-256 of its value were kept, and ${placeName(letter.origin)} has it no more`;
    // A series is where Java's hash puts its key, after more partitions too. A record without a key belongs to its partition.
    return { letter: whole, partition: whole.key === null ? partition : undefined };
  }

  async #originalOf(letter: DeadLetterRecord): Promise<DeadLetterRecord | undefined> {
    return withOriginal(this.#topic.options, this.#topic.admin, letter);
  }

  async #partitionsOf(topic: string): Promise<number> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    const partitions = (await this.#topic.admin.describe([topic])).get(topic)?.partitions ?? 0;
    this.#partitions.set(topic, partitions);
    return partitions;
  }

  async #send(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length === 0) return;
    if (this.#sender.send === undefined) {
      for (const { letter } of batch) this.#sent.add(letter);
      return;
    }
    const { sent, sentBefore, refused } = await this.#sender.send(batch);
    this.#sentBefore += sentBefore;
    for (const letter of sent) this.#sent.add(letter);
    for (const { letter, words } of refused) this.#stays(letter, `Kafka refuses it: ${words}`);
    this.#options.onSent(this.#sent.total);
  }

  #stays(letter: DeadLetterRecord, why: string): void {
    this.#staying++;
    if (this.#told.length < STAYING_TOLD_MAX) this.#told.push(`${placeName(letter)} stays: ${why}`);
  }
}
