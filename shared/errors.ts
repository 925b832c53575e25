/**
 * Errors by their fate. The class of an error decides what the kernel does with it; its message answers what was expected, what
 * came and what to do.
 *
 *   RecordError          the record is dead-lettered, and the next one is processed
 *   ConfigurationError   the process ends with exit code 78, before it connects where that is not needed to see it
 *   TopicError           the process ends with exit code 78
 *   StoreError           the process ends with exit code 78; nothing is deleted
 *   SchemaError          the process ends with exit code 78
 *   AwayError            asked again until there is an answer; nothing is rejected meanwhile
 *
 * Errors of Kafka have their fate in shared/kafka/kafka-error.ts, damages of state theirs in shared/kernel/task/damage.ts.
 */

/** Exit code of a process whose settings, topics or stores cannot work: restarting it changes nothing (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIGURATION = 78;

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The message of an error of fetch, which says only that it failed: its cause says why. */
export function fetchMessageOf(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  return messageOf(cause ?? error);
}

/**
 * The record that is processed is at fault: it goes to the dead-letter topic, and the next record is processed. Throw it before
 * any state is changed: after that the kernel has to abort the transaction and process its records again.
 */
export class RecordError extends Error {
  override readonly name = "RecordError";
  /** One of a small closed set, in kebab-case: it becomes a metric label and a header. */
  readonly reason: string;

  /**
   * @param reason  short and from a closed set, for example `not-a-number`
   * @param message what was expected and what came; never the payload itself
   */
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Settings that cannot work, all of them at once. The process ends with {@link EXIT_CONFIGURATION}. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`${faults.length === 1 ? "1 setting is" : `${faults.length} settings are`} wrong:\n  ${faults.join("\n  ")}`);
    this.faults = faults;
  }
}

/** A topic is not what the service needs (partition count, missing changelog). The process ends with {@link EXIT_CONFIGURATION}. */
export class TopicError extends Error {
  override readonly name = "TopicError";
}

/**
 * A state store or changelog does not fit the group's positions, or has a format that this program does not read. Results would
 * be wrong, so somebody has to decide. The process ends with {@link EXIT_CONFIGURATION}.
 */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
}

/** A schema registry refuses for good what a service needs of it. The process ends with {@link EXIT_CONFIGURATION}. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** What a service needs beside Kafka does not answer, or does not let it in: no record is at fault, and it is asked again. */
export class AwayError extends Error {
  override readonly name = "AwayError";
}
