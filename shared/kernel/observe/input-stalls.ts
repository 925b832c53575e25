/** Tells when an input stands still at a transaction that its writer neither commits nor aborts, and when it goes on. */

import { partitionKey } from "../../kafka/topic-partition.js";
import type { Logger } from "../../logger.js";
import type { UnstableInput } from "./unstable-inputs.js";

export class InputStalls {
  readonly #thresholdMs: number;
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  /** @param thresholdMs an input that stands still for longer is told of; transactions usually end sooner */
  constructor(thresholdMs: number, logger: Logger) {
    this.#thresholdMs = thresholdMs;
    this.#logger = logger;
  }

  /** Each stall is told of once, and its end. Nothing else can be done: the broker ends it, in at most 15 minutes. */
  look(inputs: readonly UnstableInput[]): void {
    for (const { topic, partition, records, lastStableOffset, standsStillMs } of inputs) {
      const input = partitionKey({ topic, partition });
      const stalled = standsStillMs > this.#thresholdMs;
      if (stalled === this.#told.has(input)) continue;
      if (stalled) {
        this.#told.add(input);
        this.#logger.warn(
          { topic, partition, offset: lastStableOffset, records, standsStillMs },
          "input stands still at an open transaction of its writer",
        );
      } else {
        this.#told.delete(input);
        this.#logger.info({ topic, partition, offset: lastStableOffset }, "input goes on");
      }
    }
  }
}
