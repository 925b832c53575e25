/**
 * Makes services forget all that they did, so that they start from the beginning of their inputs. Kafka Streams' application reset
 * tool is the model; beside what that deletes, the results go too, since they would be written a second time.
 *
 * In four steps, with no instance alive. Killed on the way, the same command does the rest, and until then no service starts: one
 * whose changelogs are gone and whose group has positions refuses to.
 * 1 delete the state folders of this host
 * 2 delete the services' own topics: changelogs and what instances tell one another
 * 3 delete their results
 * 4 delete their groups, which Kafka refuses where one has members
 */
import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { StoreError, TopicError } from "../../errors.js";
import { FolderDamagedError, FolderLockedError, lockFolder } from "../../folder-lock.js";
import type { Admin } from "../../kafka/admin.js";

const POLL_MS = 100;

/** A service that is to be reset, and what it may have left. */
export interface ResetService {
  readonly name: string;
  /** `<APPLICATION_ID>-<service>`: its group. */
  readonly application: string;
  /** Changelogs, and topics that its instances alone read. */
  readonly ownTopics: readonly string[];
  /** The state folder of this host. */
  readonly directory: string;
}

export interface ResetScope {
  readonly admin: Admin;
  readonly services: readonly ResetService[];
  /** Topics of results that nobody else writes or needs. */
  readonly results: readonly string[];
}

/** What is there to be deleted. */
export interface ResetFindings {
  readonly folders: readonly string[];
  readonly ownTopics: readonly string[];
  readonly results: readonly string[];
  readonly groups: readonly string[];
}

/**
 * Finds what there is to delete, and changes nothing.
 * @returns undefined where there is nothing
 * @throws {TopicError | StoreError} an instance runs; the message says which service's
 * @throws {KafkaError} the broker does not answer
 */
export async function examineReset({ admin, services, results }: ResetScope): Promise<ResetFindings | undefined> {
  const groups = await admin.groups(services.map(({ application }) => application));
  for (const { name, application, directory } of services) {
    if (groups.includes(application)) await refuseMembers(admin, name, application);
    await refuseRunning(name, directory);
  }
  const ownTopics = services.flatMap((service) => service.ownTopics);
  const found = await admin.describe([...ownTopics, ...results]);
  const findings = {
    folders: services.map(({ directory }) => directory).filter((directory) => existsSync(directory)),
    ownTopics: ownTopics.filter((name) => found.has(name)),
    results: results.filter((name) => found.has(name)),
    groups,
  };
  return Object.values(findings).every(({ length }) => length === 0) ? undefined : findings;
}

/**
 * Deletes what was found. It is looked again first whether an instance runs.
 * @param report called with a line for each step that is done
 * @throws {TopicError | StoreError} an instance runs
 * @throws {KafkaError} the broker does not answer, or a group has members by now; to be done again
 */
export async function reset(scope: ResetScope, findings: ResetFindings, report: (line: string) => void): Promise<void> {
  const { admin } = scope;
  const { folders, ownTopics, results, groups } = findings;
  await examineReset(scope);
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  report(`state folders deleted: ${folders.length}`);
  await deleteTopics(admin, ownTopics);
  report(`changelogs and other topics of the services deleted: ${ownTopics.length}`);
  await deleteTopics(admin, results);
  report(`topics of results deleted: ${results.length}`);
  for (const group of groups) await admin.deleteGroup(group);
  report(`groups deleted: ${groups.length}`);
}

/** A topic is gone for every client only a moment after Kafka has said so. */
async function deleteTopics(admin: Admin, names: readonly string[]): Promise<void> {
  for (const name of names) await admin.delete(name);
  while ((await admin.describe(names)).size > 0) await delay(POLL_MS);
}

async function refuseMembers(admin: Admin, service: string, application: string): Promise<void> {
  const members = await admin.members(application);
  if (members === 0) return;
  throw new TopicError(
    `group ${application} has ${members} members: stop every instance of ${service} first, and wait until a killed one's session has ended.`,
  );
}

/** A process of the service holds a slot of its folder, whether or not it reaches Kafka. */
async function refuseRunning(service: string, directory: string): Promise<void> {
  const slots = join(directory, "slots");
  if (!existsSync(slots)) return;
  for (const slot of readdirSync(slots)) {
    try {
      const release = await lockFolder(join(slots, slot));
      await release();
    } catch (error) {
      // Nobody runs with a slot that cannot be read.
      if (error instanceof FolderDamagedError) continue;
      if (!(error instanceof FolderLockedError)) throw error;
      throw new StoreError(`an instance of ${service} runs with ${directory}: stop it first.`, { cause: error });
    }
  }
}
