/** Calls to Kafka that are made again while the client says that this helps. */
import { KafkaError } from "../../kafka/kafka-error.js";
import { pause } from "../../kafka/patience.js";
import type { Logger } from "../../logger.js";

const RETRY_WAIT_MS = 100;

export class RepeatedCalls {
  readonly #logger: Logger;
  /** Whether the service is to stop: a call that Kafka does not carry out is not repeated then. */
  readonly #stop: AbortSignal;
  #current: string | undefined;

  constructor(logger: Logger, stop: AbortSignal) {
    this.#logger = logger;
    this.#stop = stop;
  }

  /** The call that Kafka did not carry out at once, and that is repeated; undefined where none is. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Repeats the same call while librdkafka says so: its commit is resumable. */
  async persistently(call: string, run: () => Promise<void>): Promise<void> {
    try {
      for (let attempt = 1; !(await this.#carriedOut(call, attempt, run)); attempt++)
        await pause(RETRY_WAIT_MS, this.#stop);
    } finally {
      this.#current = undefined;
    }
  }

  async #carriedOut(call: string, attempt: number, run: () => Promise<void>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      if (!(error instanceof KafkaError) || error.fate !== "retry" || this.#stop.aborted) throw error;
      this.#current = call;
      this.#logger.warn({ call, attempt, err: error }, "Kafka call repeated");
      return false;
    }
  }
}
