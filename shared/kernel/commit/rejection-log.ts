/**
 * The log lines of rejected records. The first of each reason have a line each, the rest one line a minute with their number, so
 * that no input fills the disk: the records themselves are in the topic of dead letters, and metrics count them.
 */
import type { Logger } from "../../logger.js";

/** Records of a reason that have a line each. */
const LINES_MAX = 5;
/** Between two lines that count the rest; after such a time without any, the next ones have lines of their own again. */
const COUNT_MS = 60_000;

/** What a line says of a record. */
export interface RejectionFields {
  readonly reason: string;
  readonly [field: string]: unknown;
}

interface Counted {
  lines: number;
  /** Those without a line since the last one. */
  more: number;
  newest: RejectionFields;
}

type Schedule = (afterMs: number, run: () => void) => void;

/** Does not keep the process. */
const later: Schedule = (afterMs, run) => void setTimeout(run, afterMs).unref();

export class RejectionLog {
  readonly #logger: Logger;
  readonly #schedule: Schedule;
  readonly #reasons = new Map<string, Counted>();

  constructor(logger: Logger, schedule: Schedule = later) {
    this.#logger = logger;
    this.#schedule = schedule;
  }

  add(rejection: RejectionFields): void {
    const { reason } = rejection;
    const counted = this.#reasons.get(reason) ?? this.#begin(rejection);
    if (counted.lines++ < LINES_MAX) {
      this.#logger.warn(rejection, "record sent to dead-letters");
      return;
    }
    counted.more++;
    counted.newest = rejection;
  }

  /** Tells of those that were counted since the last line. */
  close(): void {
    for (const counted of this.#reasons.values()) this.#tell(counted);
  }

  #begin(rejection: RejectionFields): Counted {
    const counted: Counted = { lines: 0, more: 0, newest: rejection };
    this.#reasons.set(rejection.reason, counted);
    this.#schedule(COUNT_MS, () => this.#count(counted));
    return counted;
  }

  #count(counted: Counted): void {
    if (counted.more === 0) {
      this.#reasons.delete(counted.newest.reason);
      return;
    }
    this.#tell(counted);
    this.#schedule(COUNT_MS, () => this.#count(counted));
  }

  #tell(counted: Counted): void {
    const { more, newest } = counted;
    if (more === 0) return;
    counted.more = 0;
    this.#logger.warn({ ...newest, records: more }, "more records sent to dead-letters, of which this is the newest");
  }
}
