/** What this instance knows itself of a series: in the partitions that it surely owns, and in copies. */
import { bySeriesTopic, isObservationsTopic, rawTopicOf } from "../../contract/topics.js";
import type { Task } from "../task/task.js";
import type { Answer } from "./answer.js";
import { type Question, readAnswer, type StateLayout, seriesOf } from "./question.js";
import type { RunningBook, RunningLoop, RunningStandbys } from "./running-parts.js";

/** What the answers come from. */
export interface OwnStateParts {
  readonly loop: RunningLoop;
  readonly standbys: RunningStandbys | undefined;
  readonly book: RunningBook;
  readonly layout: StateLayout;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  /** Topics that the service reads. */
  readonly inputs: readonly string[];
}

export class OwnState {
  readonly #parts: OwnStateParts;

  constructor(parts: OwnStateParts) {
    this.#parts = parts;
  }

  /** The input that brings the observations of the question's series; undefined where none of them does. */
  inputOf(question: Question): string | undefined {
    const { inputs, layout, application } = this.#parts;
    const { topic } = seriesOf(question, layout);
    const bySeries = bySeriesTopic(application, topic).name;
    if (inputs.includes(bySeries)) return bySeries;
    return inputs.find((name) => name === topic || (isObservationsTopic(name) && rawTopicOf(name) === topic));
  }

  /** From one partition; `unavailable` where this instance does not surely own it. */
  at(partition: number, question: Question): Answer {
    const task = this.#parts.loop.tasks.find((task) => task.partition === partition);
    const reason = this.#doubt(task, partition, this.inputOf(question));
    if (task?.folder === undefined || reason !== undefined)
      return { kind: "unavailable", reason: reason ?? `task ${task?.id} has no folder` };
    return this.#read(task, question) ?? { kind: "none", searched: [partition] };
  }

  /** From all partitions that it surely owns, the first of them that has something. */
  all(question: Question): Answer {
    const searched: number[] = [];
    for (const { partition } of this.#parts.loop.tasks) {
      const answer = this.at(partition, question);
      if (answer.kind === "found") return answer;
      if (answer.kind === "none") searched.push(...answer.searched);
    }
    return { kind: "none", searched };
  }

  /** From a standby of the partition, or from its task however that stands. */
  copy(partition: number, question: Question): Answer {
    const { standbys, loop } = this.#parts;
    const standby = standbys?.copy(partition);
    const task = standby?.task ?? loop.tasks.find((task) => task.partition === partition);
    const answer = task && this.#read(task, question);
    if (answer?.kind !== "found") return { kind: "none", searched: [] };
    return { ...answer, stale: { lagRecords: standby?.lagRecords ?? null } };
  }

  #read(task: Task, question: Question): Answer | undefined {
    const { layout, book } = this.#parts;
    const value = task.folder && readAnswer(task.folder, question, layout);
    return value === undefined ? undefined : { kind: "found", value, partition: task.partition, instance: book.self };
  }

  /** Why this instance does not surely own a partition; undefined where it does. */
  #doubt(task: Task | undefined, partition: number, input: string | undefined): string | undefined {
    const { loop, book } = this.#parts;
    const hasInput = task !== undefined && (input === undefined || task.inputs.includes(input));
    if (!hasInput) return `${book.self} does not have partition ${partition}`;
    if (!loop.isRunning(partition)) return `task ${task.id} is ${task.state} at ${book.self}`;
    if (book.isOwner(partition, input, loop.confirmedMs)) return undefined;
    const trouble = book.trouble === undefined ? "" : ` (${book.trouble})`;
    return `${book.self} has not heard of Kafka lately and may have lost partition ${partition}${trouble}`;
  }
}
