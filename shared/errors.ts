/**
 * Errors by their fate. The class of an error decides what the kernel does with it; its message answers what was
 * expected, what came and what to do.
 */

/** Exit code of a process whose settings, topics or stores cannot work: restarting it changes nothing (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIGURATION = 78;

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The record at hand is at fault: it goes to the dead-letter topic and the stream goes on.
 * Throw it before any state is changed; later the kernel has to abort the transaction and replay the batch.
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

/** Settings that cannot work, all of them at once. The process ends with {@link EXIT_CONFIGURATION} before it connects. */
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
 * A state store or changelog is not what its group stands for, or is of a format that this program does not read: going on
 * would be wrong, and somebody has to decide. The process ends with {@link EXIT_CONFIGURATION}.
 */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
}
