/**
 * A changelog that cannot stand for its task's state: deleted, made again, truncated, or cut at its beginning because it is not
 * compacted. Kafka Streams makes a missing one again without a word, and the next restore gives an empty state; here
 * somebody has to decide (ON_CHANGELOG_LOSS).
 */
import { StoreError } from "../../errors.js";
import type { LogRanges } from "../../kafka/log-range.js";
import { partitionKey, partitionName } from "../../kafka/topic-partition.js";
import type { Changelog } from "../changelog/changelog.js";
import type { OpenTask } from "./task.js";

/** @returns the first fault of the task's changelogs against its folder, undefined where there is none */
export function rangeFault(
  { folder }: OpenTask,
  changelogs: readonly Changelog[],
  ranges: LogRanges,
): string | undefined {
  for (const changelog of changelogs) {
    const range = ranges.get(partitionKey(changelog));
    if (range === undefined) continue;
    const place = `changelog ${partitionName(changelog)}`;
    const applied = folder.manifest?.changelogPositions[changelog.store] ?? 0;
    if (applied > range.end) {
      return `${place} ends at ${range.end}, but ${folder.directory} has applied it up to ${applied}: it was truncated`;
    }
    if (range.begin > 0) {
      return `${place} begins at ${range.begin}: records were deleted. A changelog must be compacted (cleanup.policy=compact) and nothing else`;
    }
  }
  return undefined;
}

/** The refusal where ON_CHANGELOG_LOSS is `stop`. */
export function lossError({ id }: OpenTask, loss: string): StoreError {
  return new StoreError(
    `${id}: ${loss}. What it held is in the folder of STATE_DIR only, if at all. Set ON_CHANGELOG_LOSS=rebuild to write the changelog anew from a folder ` +
      "that has everything, or ON_CHANGELOG_LOSS=accept to go on with the state that is left.",
  );
}

/** The refusal where the changelog was to be rewritten, but the folder does not have everything. */
export function rewriteError({ id, folder }: OpenTask, loss: string): StoreError {
  return new StoreError(
    `${id}: ${loss}. It cannot be rebuilt: ${folder.directory} is not at its group's positions. Start the service where the complete folder is, ` +
      "or set ON_CHANGELOG_LOSS=accept to go on with the state that is left.",
  );
}
