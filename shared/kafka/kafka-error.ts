/** Librdkafka's errors, and what has to be done after each. */

/** Codes of librdkafka that are treated differently. */
export const KafkaCode = {
  QUEUE_FULL: -184,
  TRANSPORT: -195,
  TIMED_OUT: -185,
  ASSIGN_PARTITIONS: -175,
  STATE: -172,
  FATAL: -150,
  FENCED: -144,
  AUTO_OFFSET_RESET: -140,
  INVALID_DIFFERENT_RECORD: -138,
  UNKNOWN_TOPIC: -188,
  UNKNOWN_PARTITION: -190,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  MSG_SIZE_TOO_LARGE: 10,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  RECORD_LIST_TOO_LARGE: 18,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  TOPIC_ALREADY_EXISTS: 36,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 43,
  POLICY_VIOLATION: 44,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_PARTITIONS: 37,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  INVALID_RECORD: 87,
  PRODUCER_FENCED: 90,
  NON_EMPTY_GROUP: 68,
  GROUP_ID_NOT_FOUND: 69,
} as const;

/**
 * Answers of a topic that refuses a record, or the batch that the record is in, for good: the same record is refused again.
 * Missing rights are not among them, since they are no fault of the record.
 */
const REFUSALS: ReadonlySet<number> = new Set([
  KafkaCode.MSG_SIZE_TOO_LARGE,
  KafkaCode.RECORD_LIST_TOO_LARGE,
  KafkaCode.INVALID_TIMESTAMP,
  KafkaCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  KafkaCode.POLICY_VIOLATION,
  KafkaCode.INVALID_RECORD,
  KafkaCode.INVALID_DIFFERENT_RECORD,
]);

/**
 * `retry`: the same call again. `abort`: abort the transaction and rewind. `replace`: the error is fatal for the client, make another.
 */
export type KafkaFate = "retry" | "abort" | "replace";

/** Codes of a missing right, and where to give it. */
const RIGHTS: ReadonlyMap<number, string> = new Map([
  [
    KafkaCode.TOPIC_AUTHORIZATION_FAILED,
    "Read on the topics that the service reads, Write on those that it writes, both on its changelogs, Create on those that it is to make",
  ],
  [KafkaCode.GROUP_AUTHORIZATION_FAILED, "Read on the group <APPLICATION_ID>-<service>"],
  [KafkaCode.CLUSTER_AUTHORIZATION_FAILED, "Create on the topics that it is to make, or make them beforehand"],
  [
    KafkaCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    "Write and Describe on the transactional ids that begin with <APPLICATION_ID>-<service>-",
  ],
]);

/** A failed call to Kafka. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  readonly code: number;
  readonly fate: KafkaFate;

  constructor(call: string, cause: unknown) {
    const { code, message, isFatal, isRetriable, isTxnRequiresAbort } = fieldsOf(cause);
    const right = RIGHTS.get(code);
    super(
      `${call}: ${message} (${code})${right === undefined ? "" : `. Give the service's user ${right} (npm run acls prints all that it needs)`}`,
      { cause },
    );
    this.code = code;
    // Fatal comes first: the error of a fenced producer may have other flags as well. No flag at all means that the outcome is unknown.
    if (isFatal) this.fate = "replace";
    else if (isTxnRequiresAbort) this.fate = "abort";
    else if (isRetriable) this.fate = "retry";
    // The client itself has no fault.
    else if (REFUSALS.has(code)) this.fate = "abort";
    else this.fate = "replace";
  }

  /** Whether what was written is refused for good, so that the same record would be refused again. */
  get isRefusal(): boolean {
    return REFUSALS.has(this.code);
  }

  /** Whether the service's user lacks a right: the same call fails until somebody gives it. */
  get isForbidden(): boolean {
    return RIGHTS.has(this.code);
  }
}

function fieldsOf(cause: unknown) {
  const fields = typeof cause === "object" && cause !== null ? (cause as Record<string, unknown>) : {};
  return {
    code: typeof fields.code === "number" ? fields.code : -1,
    message: typeof fields.message === "string" ? fields.message : String(cause),
    isFatal: fields.isFatal === true,
    isRetriable: fields.isRetriable === true,
    isTxnRequiresAbort: fields.isTxnRequiresAbort === true,
  };
}

/** How long the client may take for a call, and what to do when it takes longer. */
export interface AnswerLimit {
  /** Seconds in which this process ran: while it was frozen it did not wait. Whole, at least 1. */
  readonly seconds: number;
  readonly onExceeded: (error: Error) => void;
}

/** Turns one callback call of the client into a promise that fails with {@link KafkaError}. */
export function callKafka<T>(
  call: string,
  start: (done: (error: unknown, result?: T) => void) => void,
  limit?: AnswerLimit,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const watch = limit && watchAnswer(call, limit);
    const done = (error: unknown, result?: T) => {
      clearInterval(watch);
      if (error) reject(new KafkaError(call, error));
      else resolve(result as T);
    };
    try {
      start(done);
    } catch (error) {
      done(error);
    }
  });
}

function watchAnswer(call: string, { seconds, onExceeded }: AnswerLimit): NodeJS.Timeout {
  let passed = 0;
  const watch = setInterval(() => {
    if (++passed < seconds) return;
    clearInterval(watch);
    onExceeded(new Error(`${call}: the Kafka client has not come back from it for ${seconds} s`));
  }, 1000);
  return watch;
}
