/**
 * A door of the kernel: the least that the user of a service needs in Kafka, and the topics that somebody has to make where that user
 * may make none. Nothing connects.
 */
import { type Environment, readSettings, type SettingDefinitions } from "./config.js";
import { rosterConfig, rosterTopic } from "./kernel/instances/roster.js";
import { type MadeTopic, madeTopics, topicNeeds } from "./kernel/topics/prepare-topics.js";
import type { AnyService } from "./service-definition.js";
import { kernelSettings } from "./service-settings.js";

/** Operations on what is named, of one kind. Read and Write imply Describe. */
export interface Right {
  readonly resource: "topic" | "group" | "transactional-id";
  /** How the names are meant: as they are, or as the beginning of all that begin so. */
  readonly pattern: "literal" | "prefixed";
  readonly names: readonly string[];
  readonly operations: readonly ("Read" | "Write" | "Create")[];
}

/** A topic that a service makes where it may, and writes. */
export interface NeededTopic extends MadeTopic {
  readonly replicationFactor: number;
}

/** What one service needs. */
export interface ServiceNeeds {
  readonly service: string;
  readonly brokers: string;
  /** What INPUT_TOPICS names, which others make. */
  readonly inputs: readonly string[];
  readonly rights: readonly Right[];
  readonly topics: readonly NeededTopic[];
}

/**
 * What a service needs with the settings of its environment. Each right is used: without it the service waits, and says so.
 * @param mayCreate whether it is to have the right to make the topics that it writes
 * @throws {ConfigurationError} settings that cannot work
 */
export function needsOf(service: AnyService, environment: Environment, mayCreate: boolean): ServiceNeeds {
  const definitions: typeof kernelSettings & SettingDefinitions = { ...kernelSettings, ...service.settings };
  const settings = readSettings(definitions, environment);
  const application = `${settings.applicationId}-${service.name}`;
  const needs = topicNeeds(service, settings, application);
  const { outputs, ownInputs, changelogs, deadLetters } = madeTopics(needs);
  const roster: MadeTopic = { name: rosterTopic(application), partitions: 1, config: rosterConfig };
  const written = [...outputs, deadLetters];
  const topics = [...written, ...changelogs, ...ownInputs, roster];
  return {
    service: service.name,
    brokers: settings.brokers,
    inputs: needs.inputs,
    rights: rightsOf(
      application,
      needs.inputs,
      written.map(({ name }) => name),
      mayCreate,
    ),
    topics: topics.map((topic) => ({ ...topic, replicationFactor: needs.replicationFactor })),
  };
}

/**
 * Changelogs, the topic of its instances and what is else its own begin with the application's name, as its transactional ids do: one
 * writes its results (with at_least_once none does), another looks at the start at what the topics take.
 */
function rightsOf(
  application: string,
  inputs: readonly string[],
  written: readonly string[],
  mayCreate: boolean,
): Right[] {
  const create = mayCreate ? (["Create"] as const) : [];
  const own = [`${application}-`];
  const reading: Right = { resource: "topic", pattern: "literal", names: inputs, operations: ["Read"] };
  return [
    ...(inputs.length === 0 ? [] : [reading]),
    { resource: "topic", pattern: "literal", names: written, operations: ["Write", ...create] },
    { resource: "topic", pattern: "prefixed", names: own, operations: ["Read", "Write", ...create] },
    { resource: "group", pattern: "literal", names: [application], operations: ["Read"] },
    { resource: "transactional-id", pattern: "prefixed", names: own, operations: ["Write"] },
  ];
}
