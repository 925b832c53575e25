/** Where the inputs of tasks stand: what is processed, what was fetched, what is held. */
import { lastOffset, type RecordBatch } from "../../kafka/record-batch.js";
import type { RecordJobs } from "../jobs/record-jobs.js";
import type { Task } from "../task/task.js";
import type { Membership } from "./membership.js";

/** What the loop has taken and not committed. */
export interface OpenWork {
  readonly membership: Membership | undefined;
  readonly batch: RecordBatch;
  /** Whether what is uncommitted was dropped. */
  readonly dropped: boolean;
}

export class InputPositions {
  readonly #work: () => OpenWork;
  readonly #jobs: RecordJobs | undefined;

  constructor(jobs: RecordJobs | undefined, work: () => OpenWork) {
    this.#jobs = jobs;
    this.#work = work;
  }

  /**
   * The next offset that a task has to process; undefined where the partition was never read. A record whose models are at
   * work is not processed. Once all that was handed over is, it is the consumer's position, which has also passed the markers
   * of transactions.
   */
  of(task: Task, topic: string): number | undefined {
    const { membership, batch, dropped } = this.#work();
    const { partition } = task;
    const committed = task.manifest?.positions[topic];
    if (dropped) return committed;
    const unfinished = this.#jobs?.firstUnfinished({ topic, partition });
    if (unfinished !== undefined) return unfinished;
    const processed = task.positions.get(topic) ?? committed;
    const isWaiting = (records: RecordBatch) => lastOffset(records, topic, partition) >= (processed ?? 0);
    if (isWaiting(batch) || (membership !== undefined && isWaiting(membership.fetched))) return processed;
    const [consumed] = membership?.consumer.position([{ topic, partition }]) ?? [];
    return consumed?.position === undefined ? processed : Math.max(consumed.position, processed ?? 0);
  }

  /** Offset of the last record of a partition that the client has handed over and that is not processed; undefined for none. */
  lastFetched({ partition }: Task, topic: string): number | undefined {
    const { membership, batch } = this.#work();
    const offset = Math.max(
      lastOffset(batch, topic, partition),
      membership === undefined ? -1 : lastOffset(membership.fetched, topic, partition),
    );
    return offset < 0 ? undefined : offset;
  }

  /** Whether a partition waits for a record whose models take long. */
  isHeld({ partition }: Task, topic: string): boolean {
    return this.#jobs?.heldFrom({ topic, partition }) !== undefined;
  }
}
