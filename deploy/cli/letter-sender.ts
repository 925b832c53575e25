/**
 * Sends records of dead letters back, in transactions that also say which letters they were.
 *
 * Another process that sends letters takes the same transactional id: whoever begins last ends what the other has open, and the
 * other cannot commit any more. So it must read which letters were sent only after that.
 */
import { DEAD_LETTERS_TOPIC, REDRIVEN_TOPIC } from "../../shared/contract/topics.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { KafkaError } from "../../shared/kafka/kafka-error.js";
import { Producer } from "../../shared/kafka/producer.js";
import { refusalOf } from "../../shared/kafka/refusal.js";
import { type DeadLetterRecord, redrivenHeaders } from "./dead-letter.js";
import type { RedrivenLetters } from "./redriven-letters.js";

const TRANSACTIONAL_ID = `${DEAD_LETTERS_TOPIC}-redrive`;
const RETRIES_MAX = 10;
/** Larger than a letter may be: an envelope's record was too large for one. */
const RECORD_BYTES_MAX = 16 * 1024 * 1024;

/** A letter and the record to send for it: its own, or the original of an envelope. */
export interface Redrive {
  readonly letter: DeadLetterRecord;
  /** Undefined: by the key's hash. */
  readonly partition: number | undefined;
}

export interface SendOutcome {
  readonly sent: readonly DeadLetterRecord[];
  /** How many another process has sent meanwhile. */
  readonly sentBefore: number;
  /** With Kafka's words. */
  readonly refused: readonly { readonly letter: DeadLetterRecord; readonly words: string }[];
}

/** A producer and what was sent when it began: nobody else can send any more without ending it. */
interface Turn {
  readonly producer: Producer;
  readonly redriven: RedrivenLetters;
}

export class LetterSender {
  readonly #options: ClientOptions;
  readonly #readRedriven: () => Promise<RedrivenLetters>;
  #turn: Turn;

  private constructor(options: ClientOptions, readRedriven: () => Promise<RedrivenLetters>, turn: Turn) {
    this.#options = options;
    this.#readRedriven = readRedriven;
    this.#turn = turn;
  }

  /** Connects, and ends what another process has open. @throws {KafkaError} the broker does not answer */
  static async connect(options: ClientOptions, readRedriven: () => Promise<RedrivenLetters>): Promise<LetterSender> {
    return new LetterSender(options, readRedriven, await takeTurn(options, readRedriven));
  }

  /** What is known to be sent. */
  get redriven(): RedrivenLetters {
    return this.#turn.redriven;
  }

  /**
   * Sends those that were not sent in one transaction; where Kafka refuses a record for good, the rest without it, found by halving.
   * @throws {Error} the outcome is unknown, or another process has begun to send letters: the next run finds what was sent
   */
  async send(redrives: readonly Redrive[]): Promise<SendOutcome> {
    const left = redrives.filter(({ letter }) => !this.redriven.has(letter));
    const sentBefore = redrives.length - left.length;
    if (left.length === 0) return { sent: [], sentBefore, refused: [] };
    const letters = left.map(({ letter }) => letter);
    const words = await this.#transaction(left);
    if (words === undefined) return { sent: letters, sentBefore, refused: [] };
    if (left.length === 1) return { sent: [], sentBefore, refused: [{ letter: letters[0], words }] };
    const half = left.length >> 1;
    const first = await this.send(left.slice(0, half));
    const second = await this.send(left.slice(half));
    return {
      sent: [...first.sent, ...second.sent],
      sentBefore: sentBefore + first.sentBefore + second.sentBefore,
      refused: [...first.refused, ...second.refused],
    };
  }

  disconnect(): Promise<void> {
    return this.#turn.producer.disconnect();
  }

  /** @returns why Kafka refuses one of the records; undefined where all are committed */
  async #transaction(redrives: readonly Redrive[]): Promise<string | undefined> {
    const { producer, redriven } = this.#turn;
    const blocks = redriven.recordsWith(redrives.map(({ letter }) => letter));
    await producer.begin();
    try {
      for (const { letter, partition } of redrives) {
        const { origin, key, value, timestamp } = letter;
        await producer.produceWaiting(origin.topic, partition, key, value, timestamp, redrivenHeaders(letter));
      }
      for (const { key, value } of blocks) await producer.produceWaiting(REDRIVEN_TOPIC, 0, key, value);
      await persistently(() => producer.commitTransaction());
    } catch (error) {
      const refusal = error instanceof KafkaError ? refusalOf(error) : undefined;
      if (refusal === undefined) throw explained(error);
      // The client has numbered records that the broker never took, and the broker would miss them: another one takes its place,
      // and ends the transaction. Another process may have sent letters between the two.
      void producer.disconnect().catch(() => undefined);
      this.#turn = await takeTurn(this.#options, this.#readRedriven);
      return refusal.words;
    }
    redriven.add(blocks);
    return undefined;
  }
}

/** What was sent is read after every other producer was ended: what that one committed is there, and it commits no more. */
async function takeTurn(options: ClientOptions, readRedriven: () => Promise<RedrivenLetters>): Promise<Turn> {
  const producer = await Producer.connect(options, {
    transactionalId: TRANSACTIONAL_ID,
    recordBytesMax: RECORD_BYTES_MAX,
  });
  await producer.initTransactions();
  return { producer, redriven: await readRedriven() };
}

/** The same call again, while the client says that it may be made again. */
async function persistently(call: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await call();
      return;
    } catch (error) {
      if (!(error instanceof KafkaError) || error.fate !== "retry" || attempt === RETRIES_MAX) throw error;
    }
  }
}

/** What the client says of a producer that was fenced has many forms. */
function explained(error: unknown): unknown {
  if (!(error instanceof KafkaError)) return error;
  return new Error(
    `${error.message}. The next run finds which letters were sent, and sends the rest; another npm run redrive that has begun does so by itself`,
    { cause: error },
  );
}
