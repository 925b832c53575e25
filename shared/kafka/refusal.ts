/** Kafka's refusal of a record, or of the batch that the record was in: the same record would be refused again. */
import { RecordError } from "../errors.js";
import { KafkaCode, type KafkaError } from "./kafka-error.js";

/** Reason of a record whose output Kafka refuses for good. */
export const REFUSED_BY_BROKER = "refused-by-broker";

export interface Refusal {
  readonly code: number;
  /** Undefined where the client did not say. */
  readonly topic: string | undefined;
  /** Records refused together; undefined where the client did not say. */
  readonly records: number | undefined;
  /** The broker's or the client's own words. */
  readonly words: string;
}

/** What is added to the client's error where a delivery failed. */
export interface RefusedDelivery {
  readonly topic: string;
  readonly records: number;
}

/** The client's words for why a transaction has to be aborted. */
const PRODUCE_FAILED = /ProduceRequest for (\S+) \[\d+\] with (\d+) message\(s\) failed: (.+?) \(broker /;
const SIZES: ReadonlySet<number> = new Set([KafkaCode.MSG_SIZE_TOO_LARGE, KafkaCode.RECORD_LIST_TOO_LARGE]);

/** @returns undefined where no record caused the error: Kafka is away, or a right is missing */
export function refusalOf(error: KafkaError): Refusal | undefined {
  if (!error.isRefusal) return undefined;
  const { code, cause } = error;
  const { topic, records, message } = cause as Partial<RefusedDelivery> & { readonly message: string };
  const told = PRODUCE_FAILED.exec(message);
  if (told === null) return { code, topic, records, words: message };
  return { code, topic: told[1], records: Number(told[2]), words: told[3] };
}

/** Whether the records may be too large only together. */
export function isForBatch({ code, records }: Refusal): boolean {
  return SIZES.has(code) && records !== 1;
}

/** The error of the record whose output was refused. */
export function refusedRecord({ topic = "a topic", words }: Refusal): RecordError {
  return new RecordError(REFUSED_BY_BROKER, `expected ${topic} to take what comes of the record, got "${words}"`);
}
