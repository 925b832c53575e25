/** Writes rejected records to the topic of dead letters, in a form that it takes. */

import { DEAD_LETTERS_TOPIC } from "../../contract/topics.js";
import { headerBytes } from "../../kafka/record-headers.js";
import type { Logger } from "../../logger.js";
import type { KernelMetrics } from "../metrics.js";
import type { LetterForm, RejectedRecord, Rejection } from "../task/rejection.js";
import type { Task } from "../task/task.js";
import { type DeadLetter, deadLetter, nextForm, reasonOf } from "./dead-letter.js";
import type { Output } from "./output.js";
import { RejectionLog } from "./rejection-log.js";
import { notAhead } from "./timestamps.js";
import type { WrittenRecords } from "./written-records.js";

/** What they are written with. */
export interface DeadLettersOptions {
  readonly service: string;
  readonly output: Output;
  readonly written: WrittenRecords;
  readonly metrics: KernelMetrics;
  readonly logger: Logger;
}

/** Writes the dead letters of a service. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly #log: RejectionLog;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#log = new RejectionLog(options.logger);
  }

  /** @returns how it was written: perhaps in another form, where the topic was seen to refuse this one */
  write(task: Task, record: RejectedRecord, { error, form: asked }: Rejection): Rejection {
    const { output, written, metrics } = this.#options;
    const { letter, form, stamp, bytes } = this.#letterOf(record, error, asked);
    const { topic, partition, offset } = record;
    output.write(DEAD_LETTERS_TOPIC, undefined, letter.key, letter.value, stamp, letter.headers);
    written.add(DEAD_LETTERS_TOPIC, bytes, stamp);
    metrics.deadLetters.inc({ reason: reasonOf(error) });
    this.#log.add({ task: task.id, topic, partition, offset, reason: reasonOf(error), err: error.message });
    return { error, form };
  }

  /** No record comes any more. */
  close(): void {
    this.#log.close();
  }

  /** The letter in the form that is asked for, or the next that the topic has not been seen to refuse. */
  #letterOf(record: RejectedRecord, error: Error, form: LetterForm): FormedLetter {
    const { service, written } = this.#options;
    const letter = deadLetter(service, record, { error, form });
    const stamp = stampOf(record, form);
    const bytes = (letter.key?.length ?? 0) + (letter.value?.length ?? 0) + headerBytes(letter.headers);
    const refusal = written.limits.refusal(DEAD_LETTERS_TOPIC, bytes, stamp);
    const next = refusal && nextForm(form, refusal.code);
    return next === undefined ? { letter, form, stamp, bytes } : this.#letterOf(record, error, next);
  }
}

interface FormedLetter {
  readonly letter: DeadLetter;
  readonly form: LetterForm;
  /** Undefined: when it is written. */
  readonly stamp: number | undefined;
  readonly bytes: number;
}

/** The timestamp of a dead letter: its record's, unless that is refused. */
function stampOf({ timestamp }: RejectedRecord, form: LetterForm): number | undefined {
  return form === "whole" && timestamp !== undefined ? notAhead(timestamp) : undefined;
}
