/** Writes rejected records to the topic of dead letters, in a form that it takes. */
import type { Logger } from "../logger.js";
import { DEAD_LETTERS_TOPIC } from "../topics.js";
import { deadLetter, type LetterForm, nextForm, type RejectedRecord, type Rejection, reasonOf } from "./dead-letter.js";
import type { KernelMetrics } from "./metrics.js";
import type { Output } from "./output.js";
import type { Task } from "./task.js";
import { notAhead } from "./timestamps.js";
import type { WrittenRecords } from "./written-records.js";

export interface DeadLettersOptions {
  readonly service: string;
  readonly output: Output;
  readonly written: WrittenRecords;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

export class DeadLetters {
  readonly #o: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#o = options;
  }

  /** @returns how it was written: perhaps in another form, where the topic was seen to refuse this one */
  write(task: Task, record: RejectedRecord, { error, form: asked }: Rejection): Rejection {
    const { service, output, written, metrics, logger } = this.#o;
    const form = this.#formOf(record, asked);
    const { key, value, headers } = deadLetter(service, record, { error, form });
    const { topic, partition, offset } = record;
    const stamp = stampOf(record, form);
    output.write(DEAD_LETTERS_TOPIC, undefined, key, value, stamp, headers);
    written.add(DEAD_LETTERS_TOPIC, sizeOf(key, value), stamp);
    metrics.deadLetters.inc({ reason: reasonOf(error) });
    logger.warn(
      { task: task.id, topic, partition, offset, reason: reasonOf(error), err: error.message },
      "record sent to dead-letters",
    );
    return { error, form };
  }

  #formOf(record: RejectedRecord, form: LetterForm): LetterForm {
    if (form === "envelope") return form;
    const { limits } = this.#o.written;
    const refusal = limits.refusal(DEAD_LETTERS_TOPIC, sizeOf(record.key, record.value), stampOf(record, form));
    const next = refusal && nextForm(form, refusal.code);
    return next === undefined ? form : this.#formOf(record, next);
  }
}

const sizeOf = (key: Buffer | null, value: Buffer | null): number => (key?.length ?? 0) + (value?.length ?? 0);

/** The timestamp of a dead letter: its record's, unless that is refused. */
function stampOf({ timestamp }: RejectedRecord, form: LetterForm): number | undefined {
  return form === "whole" && timestamp !== undefined ? notAhead(timestamp) : undefined;
}
