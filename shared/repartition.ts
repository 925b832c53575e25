/**
 * A door of the kernel: moves a service's state to where its series are after its inputs were given more partitions. The steps are
 * in kernel/topics/repartition.ts.
 */
import { type Environment, readSettings, type SettingDefinitions } from "./config.js";
import { Admin } from "./kafka/admin.js";
import type { ClientOptions } from "./kafka/client.js";
import { readCheckedProperties } from "./kafka/property-check.js";
import { topicNeeds } from "./kernel/topics/prepare-topics.js";
import { repartition } from "./kernel/topics/repartition.js";
import { type Examination, examineRepartition } from "./kernel/topics/repartition-examination.js";
import type { RepartitionPlan } from "./kernel/topics/repartition-plan.js";
import { createLogger } from "./logger.js";
import type { AnyCodec, AnyService } from "./service-definition.js";
import { kernelSettings } from "./service-settings.js";

/** A service whose state is to be moved, and how to reach its topics. */
export interface RepartitionTarget {
  readonly service: AnyService;
  /** `<APPLICATION_ID>-<service>` */
  readonly application: string;
  readonly brokers: string;
  readonly inputs: readonly string[];
  /** Those that only the service itself writes. */
  readonly ownInputs: readonly string[];
  readonly options: ClientOptions;
}

/** A repartition of one service, connected to Kafka. */
export interface Repartition {
  /**
   * Finds what is to be done, and changes nothing.
   * @returns undefined where the changelogs have as many partitions as the inputs
   * @throws {TopicError} it cannot be done, or not now; the message says why and what helps
   */
  examine(): Promise<Examination | undefined>;
  /**
   * Does what was found, or the rest of it.
   * @param report called with a line for each step that is done
   * @throws {TopicError} an instance of the service runs
   */
  carryOut(plan: RepartitionPlan, report: (line: string) => void): Promise<void>;
}

/**
 * Reads the settings that the service itself has. Nothing connects.
 * @throws {ConfigurationError} settings that cannot work
 */
export async function readRepartition(service: AnyService, environment: Environment): Promise<RepartitionTarget> {
  const definitions: typeof kernelSettings & SettingDefinitions = { ...kernelSettings, ...service.settings };
  const settings = readSettings(definitions, environment);
  const properties = await readCheckedProperties(environment);
  const logger = createLogger("repartition", "silent");
  const application = `${settings.applicationId}-${service.name}`;
  const { inputs, ownInputs } = topicNeeds(service, settings, application);
  return {
    service,
    application,
    brokers: settings.brokers,
    inputs,
    ownInputs: ownInputs.map(({ name }) => name),
    options: { settings, properties, clientId: `${application}-repartition`, logger },
  };
}

/** Connects for the time that `work` takes. */
export async function withRepartition<T>(
  { service, application, inputs, ownInputs, options }: RepartitionTarget,
  work: (repartition: Repartition) => Promise<T>,
): Promise<T> {
  const admin = new Admin(options);
  const codecs = service.stores as Readonly<Record<string, AnyCodec>>;
  const scope = { service: service.name, application, inputs, ownInputs, codecs, admin, options };
  try {
    return await work({
      examine: () => examineRepartition(scope),
      carryOut: (plan, report) => repartition(scope, plan, report),
    });
  } finally {
    await admin.disconnect();
  }
}
