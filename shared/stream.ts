/**
 * The door of the kernel: runs a service until it is told to stop.
 *
 * Settings are read and checked before anything connects; Kafka is waited for; then the loop runs. The way of a record
 * continues in kernel/loop/stream-loop.ts.
 */
import type { SettingDefinitions, Settings } from "./config.js";
import { ConfigurationError, EXIT_CONFIGURATION, messageOf, SchemaError, StoreError, TopicError } from "./errors.js";
import { ServiceProcess } from "./kernel/service-process.js";
import { endSuddenly } from "./kernel/sudden-end.js";
import { createLogger } from "./logger.js";
import type { AnyService, ServiceDefinition } from "./service-definition.js";
import type { KernelSettings } from "./service-settings.js";
import { readStartSettings } from "./start-settings.js";

/** Errors that the next start would meet again. */
const HOPELESS = [TopicError, StoreError, SchemaError, ConfigurationError];

/**
 * Runs `definition` in this process until SIGTERM or SIGINT, then ends the process:
 * exit code 0 after a clean stop, 78 for settings, topics, stores or schemas that cannot work, 1 for any other failure.
 */
export async function runService<D extends SettingDefinitions, States, Metrics>(
  definition: ServiceDefinition<D, States, Metrics>,
): Promise<void> {
  const service = definition as unknown as AnyService;
  let settings: KernelSettings & Settings<D>;
  let properties: Readonly<Record<string, string>>;
  try {
    ({ settings, properties } = await readStartSettings(definition, process.env));
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
    const hopeless = HOPELESS.some((kind) => error instanceof kind);
    logger.fatal({ err: error }, messageOf(error));
    process.exit(hopeless ? EXIT_CONFIGURATION : 1);
  }
}
