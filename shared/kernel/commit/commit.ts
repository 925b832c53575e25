/**
 * The commit, in numbered steps. Whatever moment the process dies at, the next start finds either all of it or none:
 *
 *   1 No more records are taken; process() has returned for every record counted here.
 *   2 One changelog record per changed key goes into the open transaction, beside the outputs and dead letters that are there.
 *   3 The next input positions are added, with the group's metadata: a member of an old generation is refused here.
 *   4 Kafka commits. A death before this point leaves an aborted transaction; the records are processed again.
 *   5 The write buffers are applied to LevelDB, one atomic batch a task with the positions they stand for.
 *     A death between 4 and 5 leaves folders behind the group; the next start replays the changelog from their position.
 */

import { keyBytes } from "../../contract/record-key.js";
import type { StepListener } from "../../failpoint.js";
import type { Consumer } from "../../kafka/consumer.js";
import { latest, ORIGIN, type Position, positionAt, type TopicPosition } from "../../kafka/topic-partition.js";
import {
  changelogTopic,
  POSITIONS_KEY_BYTES,
  POSITIONS_VALUE,
  type Positions,
  positionsHeaders,
} from "../changelog/changelog.js";
import type { StoreWrite } from "../store/leveldb-store.js";
import { withFolder } from "../task/damage.js";
import type { MendChunk } from "../task/key-mend.js";
import type { Task } from "../task/task.js";
import type { TaskOpener } from "../task/task-opener.js";
import type { Output } from "./output.js";

interface PreparedTask {
  readonly task: Task;
  readonly writes: readonly StoreWrite[];
  /** Part of the writes. */
  readonly mended: MendChunk | undefined;
}

export interface CommitScope {
  readonly application: string;
  readonly output: Output;
  readonly consumer: Consumer;
  readonly opener: TaskOpener;
  /** Newest watermark known of a changelog partition, asked for before this commit began: an older one is always safe. */
  changelogPosition(topic: string, partition: number): Position | undefined;
  /** Told once Kafka has it all. */
  readonly onCommitted: () => void;
  readonly onStep: StepListener;
}

/**
 * Commits the tasks that have processed something.
 * @throws {KafkaError} up to step 4: nothing of it happened, or its outcome is unknown; abort, and read the positions anew
 * @throws {DamagedStateError} in step 5: Kafka has it all, and the folders that were not written lack it
 * @throws {StoreWriteError} in step 5: the same, and the disk is full or fails
 */
export async function commitTasks(tasks: readonly Task[], scope: CommitScope): Promise<void> {
  const prepared: PreparedTask[] = [];
  const positions: TopicPosition[] = [];
  const watermarks = new Map<Task, Positions>();
  for (const task of tasks) {
    if (!task.advanced) continue;
    const changes = task.stores.flatMap((store) => store.encodeChanges());
    const mended = await task.keyMend?.chunk(changes);
    const writes = mended === undefined ? changes : [...changes, ...mended.writes];
    writeChangelog(task, writes, scope);
    for (const topic of task.inputs) {
      const position = task.positions.get(topic);
      if (position !== undefined) positions.push({ topic, partition: task.partition, position });
    }
    prepared.push({ task, writes, mended });
    watermarks.set(task, newestWatermarks(task, scope));
  }
  if (prepared.length === 0) return;
  scope.onStep("after-changelog");

  await scope.output.commit(positions, scope.consumer, scope.onStep);
  scope.onCommitted();
  scope.onStep("after-commit");

  for (const { task, writes, mended } of prepared) {
    if (mended !== undefined && task.keyMend?.committed(mended)) {
      task.keyMend = undefined;
      task.wholeKeys = true;
    }
    const manifest = scope.opener.manifest(task, task.currentPositions(), watermarks.get(task) ?? {});
    await withFolder(task, task.db?.write(writes, manifest));
    task.manifest = manifest;
    task.committed();
    scope.onStep("after-store-write");
  }
}

function writeChangelog(task: Task, writes: readonly StoreWrite[], { application, output }: CommitScope): void {
  if (task.source !== undefined) advanceSource(task, writes);
  const headers = positionsHeaders(task.currentPositions());
  for (const { store, key, value } of writes) {
    output.write(changelogTopic(application, store), task.partition, keyBytes(key), value ?? null, undefined, headers);
  }
  const first = task.stores[0];
  if (writes.length === 0 && first !== undefined) {
    output.write(
      changelogTopic(application, first.name),
      task.partition,
      POSITIONS_KEY_BYTES,
      POSITIONS_VALUE,
      undefined,
      headers,
    );
  }
}

/**
 * A source reads nothing; the position it commits is its own changelog's. Each commit adds its records and one transaction
 * marker, so the sum never passes the log's end (aborted work may lie between), and it grows with every commit.
 */
function advanceSource(task: Task, writes: readonly StoreWrite[]): void {
  const first = task.stores[0]?.name;
  const records = writes.length === 0 ? 1 : writes.filter(({ store }) => store === first).length;
  for (const changelog of task.inputs)
    task.positions.set(changelog, positionAt((task.positions.get(changelog) ?? ORIGIN) + records + 1));
}

function newestWatermarks(task: Task, scope: CommitScope): Positions {
  const positions: Record<string, Position> = { ...task.manifest?.changelogPositions };
  // The instance that has the task's other inputs writes to the same changelog partition, and this folder lacks its values:
  // the positions stay where they were until the task is whole again and replays from there.
  if (!scope.opener.isWhole(task)) return positions;
  for (const { name } of task.stores) {
    const known = scope.changelogPosition(changelogTopic(scope.application, name), task.partition);
    if (known !== undefined) positions[name] = latest(known, positions[name] ?? ORIGIN);
  }
  return positions;
}
