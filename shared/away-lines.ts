/** Tells in the log what is away, a line a minute: each attempt fails alike. */
import type { Logger } from "./logger.js";

const APART_MS = 60_000;

export class AwayLines {
  readonly #logger: Logger;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  tell({ message }: Error): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldMs < APART_MS) return;
    this.#toldMs = nowMs;
    this.#logger.warn(message);
  }
}
