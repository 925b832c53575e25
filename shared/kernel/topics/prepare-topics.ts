/** Before anything is read: the topics a service needs are there, and are what it needs. */

import { ownInputs } from "../../contract/own-inputs.js";
import { DEAD_LETTERS_TOPIC } from "../../contract/topics.js";
import { ConfigurationError, TopicError } from "../../errors.js";
import type { Admin, TopicDescription } from "../../kafka/admin.js";
import type { Logger } from "../../logger.js";
import type { AnyService } from "../../service-definition.js";
import { changelogConfig, changelogNames } from "../changelog/changelog.js";
import { movedError } from "./input-growth.js";
import { repartitionTopic, unfinishedError } from "./repartition-plan.js";
import { deadLettersConfig, outputConfig } from "./topic-retention.js";

/** A topic that is made where it is missing. */
interface NeededTopic {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicNeeds {
  readonly service: string;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  /** Topics to read; waited for where they are missing. Empty for a source. */
  readonly inputs: readonly string[];
  /** Topics that only the service writes and reads: made where they are missing, with a partition for each task. */
  readonly ownInputs: readonly NeededTopic[];
  readonly outputs: readonly NeededTopic[];
  readonly changelogs: readonly string[];
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Bound in MiB of each partition of the outputs that are made; -1 for none. */
  readonly retentionMib: number;
}

/**
 * What a service needs by its settings, the kernel's and its own.
 * @param application `<APPLICATION_ID>-<service>`
 */
export function topicNeeds(
  service: AnyService,
  settings: {
    readonly topicPartitions: number;
    readonly replicationFactor: number;
    readonly topicRetentionMib: number;
  },
  application: string,
): TopicNeeds {
  return {
    service: service.name,
    application,
    inputs: service.kind === "processor" ? service.inputs(settings as never) : [],
    ownInputs: ownInputs(service, settings, application),
    outputs: service.outputs(settings as never),
    changelogs: changelogNames(service, application),
    partitions: settings.topicPartitions,
    replicationFactor: settings.replicationFactor,
    retentionMib: settings.topicRetentionMib,
  };
}

/** A topic as it is made. */
export interface MadeTopic extends NeededTopic {
  /** `inputs`: as many as the service's inputs have. */
  readonly partitions: number | "inputs";
}

/** The topics that are made where they are missing, by what they are for. */
export function madeTopics({ inputs, ownInputs, outputs, changelogs, partitions, retentionMib }: TopicNeeds) {
  const perTask = inputs.length === 0 ? partitions : "inputs";
  const made = (name: string, count: MadeTopic["partitions"], config: MadeTopic["config"]): MadeTopic => {
    return { name, partitions: count, config };
  };
  const kept = (config: MadeTopic["config"]) => outputConfig(config, retentionMib);
  return {
    outputs: outputs.map(({ name, config }) => made(name, partitions, kept(config))),
    ownInputs: ownInputs.map(({ name, config }) => made(name, perTask, kept(config))),
    changelogs: changelogs.map((name) => made(name, perTask, changelogConfig)),
    deadLetters: made(DEAD_LETTERS_TOPIC, 1, kept(deadLettersConfig)),
  };
}

export interface Topics {
  /** Partitions of every changelog, and of the inputs unless those were given more: the number of tasks. */
  readonly tasks: number;
  /** Topic id by name, of inputs and changelogs. */
  readonly ids: Readonly<Record<string, string>>;
  /** Outputs, changelogs and the topic of dead letters, as far as they were there before. */
  readonly existing: ReadonlySet<string>;
}

/**
 * Makes the missing outputs and changelogs and compares what exists with what is needed.
 * @returns the inputs that do not exist yet, or the topics
 * @throws {TopicError} partition counts do not fit
 */
export async function prepareTopics(
  admin: Admin,
  needs: TopicNeeds,
  logger: Logger,
): Promise<Topics | { missing: readonly string[] }> {
  const inputs = await admin.describe(needs.inputs);
  const missing = needs.inputs.filter((name) => !inputs.has(name));
  if (missing.length > 0) return { missing };
  const repartition = repartitionTopic(needs.application);
  const existing = await admin.describe([
    repartition,
    DEAD_LETTERS_TOPIC,
    ...needs.outputs.map(({ name }) => name),
    ...needs.changelogs,
    ...needs.ownInputs.map(({ name }) => name),
  ]);
  if (existing.has(repartition)) throw unfinishedError(needs.application, needs.service);
  const own = needs.ownInputs.flatMap(({ name }) => existing.get(name) ?? []);
  const tasks = await taskCount(admin, needs, [...inputs.values(), ...own], existing);
  const made = madeTopics(needs);
  for (const { name, partitions: count, config } of [
    ...made.outputs,
    ...made.ownInputs,
    ...made.changelogs,
    made.deadLetters,
  ]) {
    if (existing.has(name)) continue;
    const partitions = count === "inputs" ? tasks : count;
    await admin.create(name, partitions, needs.replicationFactor, config);
    logger.info({ topic: name, partitions, config }, "topic created");
  }

  const ownInputs = await admin.describe(needs.ownInputs.map(({ name }) => name));
  const unseen = needs.ownInputs.find(({ name }) => !ownInputs.has(name));
  if (unseen !== undefined) return { missing: [unseen.name] };
  const changelogs = await admin.describe(needs.changelogs);
  for (const name of needs.changelogs) {
    const found = changelogs.get(name);
    if (found === undefined) return { missing: [name] };
    const expected = needs.inputs.length === 0 ? found.partitions : tasks;
    if (found.partitions !== expected) {
      throw new TopicError(
        `changelog ${name} has ${found.partitions} partitions, but another one of ${needs.service} has ${expected}: a series would lose its ` +
          "state. Only npm run repartition may give changelogs partitions. Start under another APPLICATION_ID.",
      );
    }
  }
  const described = [...inputs.values(), ...ownInputs.values(), ...changelogs.values()];
  return {
    tasks:
      needs.inputs.length === 0 ? Math.min(...[...changelogs.values()].map(({ partitions }) => partitions)) : tasks,
    ids: Object.fromEntries(described.map(({ name, id }) => [name, id])),
    existing: new Set(existing.keys()),
  };
}

/** As many as the changelogs have partitions; where there are none yet, as many as the inputs have. */
async function taskCount(
  admin: Admin,
  needs: TopicNeeds,
  inputs: readonly TopicDescription[],
  existing: ReadonlyMap<string, TopicDescription>,
): Promise<number> {
  if (inputs.length === 0) return needs.partitions;
  const changelog = needs.changelogs.flatMap((name) => existing.get(name) ?? []).at(0);
  if (changelog === undefined) return commonPartitions(inputs);
  const tasks = changelog.partitions;
  const other = inputs.find(({ partitions }) => partitions !== tasks);
  if (other === undefined) return tasks;
  const moved = inputs.find(({ partitions }) => partitions % tasks !== 0);
  if (moved !== undefined) {
    commonPartitions(inputs);
    throw movedError(needs.service, moved.name, moved.partitions, tasks);
  }
  const places = Array.from({ length: tasks }, (_, partition) => ({ topic: changelog.name, partition }));
  if ((await admin.ends(places, "uncommitted")).some(({ position }) => position > 0)) return tasks;
  throw new TopicError(
    `changelog ${changelog.name} has ${tasks} partitions, but ${other.name} has ${other.partitions}, and there is no state to move: ` +
      "delete the changelog, and the service makes it as it should be.",
  );
}

function commonPartitions(inputs: readonly TopicDescription[]): number {
  const [{ partitions: common }] = inputs;
  if (inputs.every(({ partitions }) => partitions === common)) return common;
  const counts = inputs.map(({ name, partitions }) => `${name} has ${partitions}`).join(", ");
  throw new TopicError(
    `all inputs of a service need the same number of partitions, but ${counts}. Give them as many, or read them under an APPLICATION_ID each.`,
  );
}

/** @throws {ConfigurationError} a topic is both read and written: a loop */
export function refuseLoops(inputs: readonly string[], outputs: readonly string[]): void {
  const both = inputs.filter((name) => outputs.includes(name) || name === DEAD_LETTERS_TOPIC);
  if (both.length > 0)
    throw new ConfigurationError([`INPUT_TOPICS: ${both.join(", ")} is also written by this service`]);
}
