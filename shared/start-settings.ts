/** The settings with which a service starts, read and checked before anything connects. */
import { type Environment, readSettings, type SettingDefinitions, type Settings } from "./config.js";
import { ownInputs } from "./contract/own-inputs.js";
import { DEAD_LETTERS_TOPIC, topics } from "./contract/topics.js";
import { ConfigurationError } from "./errors.js";
import { membershipFaults } from "./kafka/member-properties.js";
import { producerFaults } from "./kafka/producer-faults.js";
import { faultsOfProperties } from "./kafka/property-check.js";
import { findClientProperties } from "./kafka-variables.js";
import type { AnyService, ServiceDefinition } from "./service-definition.js";
import { type KernelSettings, kernelFaults, kernelSettings } from "./service-settings.js";
import { TOPIC_NAME_LENGTH_MAX } from "./setting-kinds.js";

/**
 * Reads the settings of a service and the properties of its Kafka clients.
 * @throws {ConfigurationError} with every fault found
 */
export async function readStartSettings<D extends SettingDefinitions, States, Metrics>(
  definition: ServiceDefinition<D, States, Metrics>,
  environment: Environment,
) {
  const { settings, properties, faults } = findSettings(definition, environment);
  const all = [...faults, ...(await faultsOfProperties(properties))];
  if (settings === undefined || all.length > 0) throw new ConfigurationError(all);
  return { settings: settings as KernelSettings & Settings<D>, properties };
}

/** The faults of a service's settings, without those that only a Kafka client finds in its properties. */
export function settingFaults(service: AnyService, environment: Environment): readonly string[] {
  return findSettings(service as never, environment).faults;
}

function findSettings<D extends SettingDefinitions, States, Metrics>(
  definition: ServiceDefinition<D, States, Metrics>,
  environment: Environment,
) {
  const definitions = { ...kernelSettings, ...definition.settings };
  const { properties, faults: propertyFaults } = findClientProperties(environment);
  const faults = [...propertyFaults];
  const check = (read: object) => [
    ...(definition.check?.(read) ?? []),
    ...kernelFaults(read, environment),
    ...valueFormatFaults(read),
    ...membershipFaults(read, properties),
    ...producerFaults(read, properties),
    ...feedbackFaults(definition, read),
  ];
  let settings: KernelSettings | undefined;
  try {
    settings = readSettings(definitions, environment, check);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults.push(...error.faults);
  }
  if (settings !== undefined) faults.push(...longNameFaults(definition as unknown as AnyService, settings));
  return { settings, properties, faults };
}

/** Inputs that a service also writes: each record would lead to others without end. Both depend on the names of topics alone. */
function feedbackFaults<D extends SettingDefinitions, States, Metrics>(
  definition: ServiceDefinition<D, States, Metrics>,
  read: Partial<Settings<D>>,
): string[] {
  if (definition.kind === "source") return [];
  const settings = read as Settings<D>;
  const inputs: readonly string[] = definition.inputs(settings) ?? [];
  if (inputs.length === 0) return [];
  const written = new Set([...definition.outputs(settings).map(({ name }) => name), DEAD_LETTERS_TOPIC]);
  return inputs
    .filter((name) => written.has(name))
    .map(
      (name) =>
        `INPUT_TOPICS: ${name} is written by this service itself, which would never come to its end; read another`,
    );
}

/** Topics whose form is set, and that are no topics of results. All services may have the same settings. */
function valueFormatFaults({ valueFormat }: Partial<KernelSettings>): string[] {
  const names: readonly string[] = Object.values(topics).map(({ name }) => name);
  return [...(valueFormat?.topics.keys() ?? [])]
    .filter((topic) => !names.includes(topic))
    .map((topic) => `VALUE_FORMAT names ${topic}, which is none of the topics of results: ${names.join(", ")}`);
}

/** Topics of the service's own whose names, which are made from others, Kafka would refuse. */
function longNameFaults(service: AnyService, settings: KernelSettings): string[] {
  return ownInputs(service, settings, `${settings.applicationId}-${service.name}`)
    .filter(({ name }) => name.length > TOPIC_NAME_LENGTH_MAX)
    .map(
      ({ name }) =>
        `APPLICATION_ID and INPUT_TOPICS make the topic ${name}, of ${name.length} characters: Kafka takes ${TOPIC_NAME_LENGTH_MAX}`,
    );
}
