/** Logs when an input stands still at a transaction that its writer neither commits nor aborts, and when it moves again. */

import { partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { UnstableInput } from "./unstable-inputs.js";

export class InputStalls {
  readonly #thresholdMs: number;
  readonly #logger: Logger;
  readonly #logged = new Set<string>();

  /** @param thresholdMs an input that stands still for longer is logged; transactions usually end sooner */
  constructor(thresholdMs: number, logger: Logger) {
    this.#thresholdMs = thresholdMs;
    this.#logger = logger;
  }

  /** Logs each stall once, and its end. Nothing else can be done: the broker ends the transaction, in at most 15 minutes. */
  check(inputs: readonly UnstableInput[]): void {
    for (const { topic, partition, records, lastStableOffset, standsStillMs } of inputs) {
      const input = partitionKey({ topic, partition });
      const stalled = standsStillMs > this.#thresholdMs;
      if (stalled === this.#logged.has(input)) continue;
      if (stalled) {
        this.#logged.add(input);
        this.#logger.warn(
          { topic, partition, offset: lastStableOffset, records, standsStillMs },
          "input stands still at an open transaction of its writer",
        );
      } else {
        this.#logged.delete(input);
        this.#logger.info({ topic, partition, offset: lastStableOffset }, "input goes on");
      }
    }
  }
}
