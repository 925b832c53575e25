/** Whether a folder that was found is one that a task of today can go on from, by what the folder says of itself. */
import { StoreError } from "../../errors.js";
import type { Manifest } from "../store/manifest.js";
import { refuseUnknownFormat } from "../store/stored-value.js";
import { isChangelog, type StateIdentity } from "./state-identity.js";

/** A folder, and what it says of itself. */
export interface FoundFolder {
  /** Of the task that opens it. */
  readonly task: string;
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Whether the folder was written for this partition of the service. */
export function isOwn({ application }: StateIdentity, partition: number, manifest: Manifest): boolean {
  return manifest.application === application && manifest.partition === partition;
}

/** Whether the folder was written when the service had as many tasks as today: else state may have moved between them. */
export function hasTasksOfToday({ tasks }: StateIdentity, manifest: Manifest | undefined): boolean {
  return manifest?.tasks === tasks;
}

/** @throws {StoreError} the folder is sound, and nothing can go on from it */
export function refuseUnusable(identity: StateIdentity, found: FoundFolder): void {
  refuseOtherInputs(identity, found);
  refuseGrownSource(identity, found);
  for (const [store, codec] of Object.entries(identity.codecs))
    refuseUnknownFormat(codec, found.manifest.formats?.[store] ?? codec.format, `${found.directory}: store ${store}`);
}

/** Why a changelog is not the one that the folder was written beside; undefined where each is. */
export function replacedChangelog(identity: StateIdentity, { topicIds }: Manifest): string | undefined {
  for (const [topic, id] of Object.entries(topicIds)) {
    const found = identity.topicIds[topic];
    if (found !== undefined && found !== id && isChangelog(identity, topic))
      return `changelog ${topic} with id ${id} was deleted; the topic of that name now has id ${found}`;
  }
  return undefined;
}

/**
 * What can be relied on of a manifest. A folder that was written when the service did not read one of its present inputs may lack
 * what another instance, which did, has written to the changelog meanwhile: its changelog is read from the beginning.
 */
export function reliableManifest({ inputs }: StateIdentity, manifest: Manifest): Manifest {
  const known = inputs.every((input) => manifest.topicIds[input] !== undefined);
  return known ? manifest : { ...manifest, changelogPositions: {} };
}

function refuseOtherInputs(identity: StateIdentity, { task, directory, manifest }: FoundFolder): void {
  for (const [topic, id] of Object.entries(manifest.topicIds)) {
    const found = identity.topicIds[topic];
    if (found !== undefined && found !== id && !isChangelog(identity, topic)) {
      throw new StoreError(
        `${task}: ${directory} was built from topic ${topic} with id ${id}, but that topic now has id ${found}: it was deleted and made again. ` +
          "Its offsets mean nothing to this state. Move the folder away to start anew, or start under another APPLICATION_ID.",
      );
    }
  }
}

/** A source's series belong to its tasks by number, and their counters stay where they were: with other tasks they would begin at 0. */
function refuseGrownSource(identity: StateIdentity, { task, directory, manifest }: FoundFolder): void {
  const { inputs, tasks } = identity;
  if (
    manifest.tasks === undefined ||
    manifest.tasks === tasks ||
    !inputs.every((input) => isChangelog(identity, input))
  )
    return;
  throw new StoreError(
    `${task}: ${directory} was written with ${manifest.tasks} tasks, but changelog ${inputs.join(", ")} has ${tasks} partitions now: ` +
      "somebody has added some, and series would begin anew. Start under another APPLICATION_ID.",
  );
}
