/** Warnings about input records. The first ones of each ten minutes are logged, so that no input fills the log. */
import type { Logger } from "../../logger.js";

const WHILE_MS = 600_000;
const LINES_MAX = 20;

export class Notices {
  readonly #logger: Logger;
  #begunMs = Number.NEGATIVE_INFINITY;
  #lines = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param nowMs milliseconds of a monotonic clock */
  warn(fields: Readonly<Record<string, unknown>>, message: string, nowMs = performance.now()): void {
    if (nowMs - this.#begunMs >= WHILE_MS) {
      this.#begunMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines > LINES_MAX) return;
    if (++this.#lines <= LINES_MAX) this.#logger.warn(fields, message);
    else
      this.#logger.warn(
        { lines: LINES_MAX, minutes: WHILE_MS / 60_000 },
        "more such lines are left out for a while; metrics count them",
      );
  }
}
