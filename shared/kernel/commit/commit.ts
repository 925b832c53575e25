/**
 * The commit, in numbered steps. Whatever moment the process dies at, the next start finds either all of it or none:
 *
 *   1 process() has returned for every record counted here. What they have changed is sealed: records that are processed from now on
 *     belong to the next commit, and their results wait for the next transaction.
 *   2 One changelog record per changed key goes into the open transaction, beside the outputs and dead letters that are there,
 *     and after them one with the positions that they stand for.
 *   3 The next input positions are added, with the group's metadata: a member of an old generation is refused here.
 *   4 Kafka commits. A death before this point leaves an aborted transaction; the records are processed again.
 *   5 The tasks' folders take what is committed as such, with the positions that it stands for. LevelDB has it later, see
 *     task/folder-saver.ts: a death before that leaves folders that lack commits; the next start restores them from the changelog.
 *
 * The loop may process the next records while 3 and 4 are under way; 1, 2 and 5 have it to themselves. One commit is under way at
 * most. A failure drops the work of both: what is open was computed from what is sealed.
 */

import { keyBytes } from "../../contract/record-key.js";
import type { StepListener } from "../../failpoint.js";
import type { Consumer } from "../../kafka/consumer.js";
import { latest, ORIGIN, type Position, type TopicPosition } from "../../kafka/topic-partition.js";
import type { AppliedPositions } from "../changelog/applied-positions.js";
import {
  changelogTopic,
  POSITIONS_KEY_BYTES,
  POSITIONS_VALUE,
  type Positions,
  positionsHeaders,
} from "../changelog/changelog.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import type { MendChunk } from "../task/key-mend.js";
import { isWhole, manifestOf, type StateIdentity } from "../task/state-identity.js";
import type { OpenTask, SealedWork } from "../task/task.js";
import type { Output } from "./output.js";

/** What a commit works with. */
export interface CommitScope {
  readonly identity: StateIdentity;
  readonly output: Output;
  readonly consumer: Consumer;
  /** As known before this commit began: an older answer is always safe. */
  readonly applied: AppliedPositions;
  /** Called once Kafka has it all, before the folders of these tasks have it. */
  readonly onCommitted: (tasks: readonly OpenTask[]) => void;
  readonly onStep: StepListener;
}

/** A task's part of the commit. */
interface PreparedTask {
  readonly task: OpenTask;
  readonly sealed: SealedWork;
  readonly writes: readonly StoreWrite[];
  /** Part of the writes. */
  readonly mended: MendChunk | undefined;
  /** By store: see {@link Manifest.changelogPositions}. */
  readonly changelogPositions: Positions;
}

/** A commit that Kafka was asked for. */
export class CommitUnderWay {
  readonly #parts: readonly PreparedTask[];
  readonly #scope: CommitScope;
  /** Never rejects: whoever waits for the end may do something else meanwhile. */
  readonly #answer: Promise<void>;
  #answeredMs: number | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Steps 3 and 4 begin. */
  constructor(parts: readonly PreparedTask[], scope: CommitScope) {
    const { output, consumer, onStep } = scope;
    this.#parts = parts;
    this.#scope = scope;
    this.#answer = output
      .commit(parts.flatMap(positionsOf), consumer, onStep)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .then(() => {
        this.#answeredMs = Date.now();
      });
  }

  /** When Kafka answered, in ms since the epoch; undefined while it has not. */
  get answeredMs(): number | undefined {
    return this.#answeredMs;
  }

  /**
   * Waits for Kafka's answer, then does step 5.
   * @throws {KafkaError} nothing of it happened, or its outcome is unknown; abort, and ask for the group's positions
   */
  async finish(): Promise<void> {
    const { onCommitted, onStep } = this.#scope;
    await this.#answer;
    if (this.#failure !== undefined) throw this.#failure.error;
    onCommitted(this.#parts.map(({ task }) => task));
    onStep("after-commit");
    // 5
    for (const part of this.#parts) apply(part, this.#scope);
  }
}

/**
 * Begins the commit of the tasks that have processed something: steps 1 and 2, and Kafka is asked for 3 and 4.
 * @throws {KafkaError} nothing of it happened; abort
 */
export async function beginCommit(tasks: readonly OpenTask[], scope: CommitScope): Promise<CommitUnderWay> {
  // 1 and 2
  const parts: PreparedTask[] = [];
  for (const task of tasks) if (task.advanced) parts.push(await prepare(task, scope));
  await scope.output.drain();
  scope.onStep("after-changelog");
  return new CommitUnderWay(parts, scope);
}

/** Steps 1 and 2 of one task. */
async function prepare(task: OpenTask, scope: CommitScope): Promise<PreparedTask> {
  const { stores, keyMend } = task.folder;
  const changes = task.folder.seal();
  const mended = await keyMend?.chunk(changes);
  const writes = mended === undefined ? changes : [...changes, ...mended.writes];
  const first = stores[0]?.name;
  // The record of the positions closes the commit in this log.
  if (task.source !== undefined) task.advanceOwnLog(writes.filter(({ store }) => store === first).length + 1);
  const part = { task, sealed: task.seal(), writes, mended, changelogPositions: appliedOf(task, scope) };
  writeChangelog(part, scope);
  return part;
}

/**
 * The values, and last the positions that they stand for: in the first log alone, since all of the transaction becomes readable or
 * nothing. Where they were in each record of a value, that record would often be twice as large.
 *
 * A task that has some of its inputs only shares its logs with an instance that has the others, and knows none of its positions. Of
 * their closing records compaction keeps the newest alone, so there each value tells its positions as well.
 */
function writeChangelog({ task, sealed, writes }: PreparedTask, { identity, output }: CommitScope): void {
  const { application } = identity;
  const { partition, folder } = task;
  const positions = positionsHeaders(sealed.positions);
  const headers = isWhole(identity, task) ? undefined : positions;
  for (const { store, key, value } of writes)
    output.write(changelogTopic(application, store), partition, keyBytes(key), value ?? null, undefined, headers);
  const first = folder.stores[0];
  if (first === undefined) return;
  const topic = changelogTopic(application, first.name);
  output.write(topic, partition, POSITIONS_KEY_BYTES, POSITIONS_VALUE, undefined, positions);
}

function positionsOf({ task, sealed }: PreparedTask): TopicPosition[] {
  return task.inputPartitions.flatMap((place) => {
    const position = sealed.positions[place.topic];
    return position === undefined ? [] : [{ ...place, position }];
  });
}

/** Most offsets of a changelog that the task's folder has, and a restore would yet read again for want of a commit since. */
export function unstatedOf(task: OpenTask, scope: Pick<CommitScope, "identity" | "applied">): number {
  const stated = task.folder.manifest?.changelogPositions ?? {};
  const known = Object.entries(appliedOf(task, scope));
  return known.reduce((most, [store, position]) => Math.max(most, position - (stated[store] ?? ORIGIN)), 0);
}

function appliedOf(task: OpenTask, { identity, applied }: Pick<CommitScope, "identity" | "applied">): Positions {
  const positions: Record<string, Position> = { ...task.folder.manifest?.changelogPositions };
  // The instance that has the task's other inputs writes to the same changelog partition, and this folder lacks its values:
  // the positions stay where they were until the task is whole again and is restored from there.
  if (!isWhole(identity, task)) return positions;
  for (const { name } of task.folder.stores) {
    const known = applied.of(changelogTopic(identity.application, name), task.partition);
    if (known !== undefined) positions[name] = latest(known, positions[name] ?? ORIGIN);
  }
  return positions;
}

/** Step 5 of one task. */
function apply({ task, sealed, mended, changelogPositions }: PreparedTask, { identity }: CommitScope): void {
  if (mended !== undefined) task.folder.mended(mended);
  task.committed(manifestOf(identity, task, sealed.positions, changelogPositions));
}
