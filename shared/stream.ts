/**
 * The door of the kernel: runs a service until it is told to stop.
 *
 * Settings are read and checked before anything connects; Kafka is waited for; then the loop runs. The way of a record
 * continues in kernel/loop/stream-loop.ts.
 */
import { readSettings, type SettingDefinitions, type Settings } from "./config.js";
import { DEAD_LETTERS_TOPIC } from "./contract/topics.js";
import { ConfigurationError, EXIT_CONFIGURATION, messageOf, StoreError, TopicError } from "./errors.js";
import { membershipFaults } from "./kafka/member-properties.js";
import { producerFaults } from "./kafka/producer-faults.js";
import { faultsOfProperties } from "./kafka/property-check.js";
import { findClientProperties } from "./kafka-variables.js";
import { ServiceProcess } from "./kernel/service-process.js";
import { endSuddenly } from "./kernel/sudden-end.js";
import { createLogger } from "./logger.js";
import type { AnyService, ServiceDefinition } from "./service-definition.js";
import { type KernelSettings, kernelFaults, kernelSettings } from "./service-settings.js";

/**
 * Runs `definition` in this process until SIGTERM or SIGINT, then ends the process:
 * exit code 0 after a clean stop, 78 for settings, topics or stores that cannot work, 1 for any other failure.
 */
export async function runService<D extends SettingDefinitions, States, Metrics>(
  definition: ServiceDefinition<D, States, Metrics>,
): Promise<void> {
  const service = definition as unknown as AnyService;
  const environment = process.env;
  let settings: KernelSettings & Settings<D>;
  let properties: Readonly<Record<string, string>>;
  try {
    ({ settings, properties } = await readAll(definition, environment));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    createLogger(service.name, "info").fatal({ faults: error.faults }, error.message);
    process.exit(EXIT_CONFIGURATION);
  }
  const logger = createLogger(service.name, settings.logLevel);
  const running = new ServiceProcess(service, settings, properties, logger);
  const stop = (signal: NodeJS.Signals) => running.stop(signal);
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // A bug: nothing is known to hold any more.
  const die = (error: unknown) => {
    logger.fatal({ err: error }, "unexpected error");
    endSuddenly();
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  try {
    await running.run();
    logger.info("stopped");
    process.exit(0);
  } catch (error) {
    const hopeless = error instanceof TopicError || error instanceof StoreError || error instanceof ConfigurationError;
    logger.fatal({ err: error }, messageOf(error));
    process.exit(hopeless ? EXIT_CONFIGURATION : 1);
  }
}

async function readAll<D extends SettingDefinitions, States, Metrics>(
  definition: ServiceDefinition<D, States, Metrics>,
  environment: NodeJS.ProcessEnv,
) {
  const definitions = { ...kernelSettings, ...definition.settings };
  const { properties, faults: propertyFaults } = findClientProperties(environment);
  const faults = [...propertyFaults];
  const check = (read: object) => [
    ...(definition.check?.(read) ?? []),
    ...kernelFaults(read, environment),
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
  faults.push(...(await faultsOfProperties(properties)));
  if (settings === undefined || faults.length > 0) throw new ConfigurationError(faults);
  return { settings: settings as KernelSettings & Settings<D>, properties };
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
