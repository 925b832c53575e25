/**
 * A door of the kernel: makes services forget all that they did. What is deleted, and in which order, is in kernel/topics/reset.ts.
 */
import { join } from "node:path";
import { type Environment, readSettings, type SettingDefinitions } from "./config.js";
import { ownInputs } from "./contract/own-inputs.js";
import { DEAD_LETTERS_TOPIC, REDRIVEN_TOPIC } from "./contract/topics.js";
import { ConfigurationError, TopicError } from "./errors.js";
import { Admin } from "./kafka/admin.js";
import type { ClientOptions } from "./kafka/client.js";
import { readCheckedProperties } from "./kafka/property-check.js";
import { changelogNames } from "./kernel/changelog/changelog.js";
import { rosterTopic } from "./kernel/instances/roster.js";
import { repartitionTopic } from "./kernel/topics/repartition-plan.js";
import { examineReset, type ResetFindings, type ResetScope, type ResetService, reset } from "./kernel/topics/reset.js";
import { createLogger } from "./logger.js";
import type { AnyService } from "./service-definition.js";
import { kernelSettings } from "./service-settings.js";

/** What is to be reset, and how to reach it. */
export interface ResetTarget {
  readonly brokers: string;
  readonly options: ClientOptions;
  readonly chosen: readonly ServicePlace[];
  /** The others, which must not need what is deleted. */
  readonly kept: readonly ServicePlace[];
}

/** A service with its topics by the settings of the environment. */
interface ServicePlace extends ResetService {
  readonly kind: AnyService["kind"];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A reset, connected to Kafka. */
export interface Reset {
  /**
   * Finds what there is to delete, and changes nothing.
   * @returns undefined where there is nothing
   * @throws {TopicError | StoreError} it cannot be done now; the message says why and what helps
   */
  examine(): Promise<ResetFindings | undefined>;
  /**
   * Deletes what was found.
   * @param report called with a line for each step that is done
   * @throws {TopicError | StoreError} an instance of a service runs
   */
  carryOut(findings: ResetFindings, report: (line: string) => void): Promise<void>;
}

/**
 * Reads the settings that the services themselves have. Nothing connects.
 * @param services of which some are chosen by name
 * @throws {ConfigurationError} settings that cannot work
 */
export async function readReset(
  services: readonly AnyService[],
  chosen: ReadonlySet<string>,
  environment: Environment,
): Promise<ResetTarget> {
  const settings = readSettings(kernelSettings, environment);
  const properties = await readCheckedProperties(environment);
  const { applicationId, brokers, stateDir } = settings;
  const isChosen = ({ name }: { readonly name: string }) => chosen.has(name);
  // A service that is kept may have settings here that are meant for another: it is as if it had its defaults then.
  const places = services.map((service) =>
    placeOf(service, applicationId, stateDir, isChosen(service) ? environment : readable(service, environment)),
  );
  const clientId = `${applicationId}-reset`;
  return {
    brokers,
    options: { settings, properties, clientId, logger: createLogger("reset", "silent") },
    chosen: places.filter(isChosen),
    kept: places.filter((place) => !isChosen(place)),
  };
}

/** Connects for the time that `work` takes. */
export async function withReset<T>(
  { options, chosen, kept }: ResetTarget,
  work: (reset: Reset) => Promise<T>,
): Promise<T> {
  const admin = new Admin(options);
  const scope: ResetScope = { admin, services: chosen, results: resultsOf(chosen, kept) };
  try {
    return await work({
      examine: async () => {
        await refuseReaders(admin, chosen, kept);
        return examineReset(scope);
      },
      carryOut: (findings, report) => reset(scope, findings, report),
    });
  } finally {
    await admin.disconnect();
  }
}

function placeOf(service: AnyService, applicationId: string, stateDir: string, environment: Environment): ServicePlace {
  const definitions: SettingDefinitions = service.settings;
  const settings = readSettings(definitions, environment) as never;
  const application = `${applicationId}-${service.name}`;
  return {
    name: service.name,
    kind: service.kind,
    application,
    ownTopics: [
      ...changelogNames(service, application),
      ...ownInputs(service, settings, application).map(({ name }) => name),
      rosterTopic(application),
      repartitionTopic(application),
    ],
    directory: join(stateDir, application),
    inputs: service.kind === "processor" ? service.inputs(settings) : [],
    outputs: service.outputs(settings).map(({ name }) => name),
  };
}

function readable(service: AnyService, environment: Environment): Environment {
  try {
    readSettings(service.settings, environment);
    return environment;
  } catch (error) {
    if (error instanceof ConfigurationError) return {};
    throw error;
  }
}

/**
 * The results that go: of services that read something, since a source cannot write again what its raw topics keep, and no topic
 * that the first of them reads. Dead letters are written by all of those services, so they go with the last of them.
 */
function resultsOf(chosen: readonly ServicePlace[], kept: readonly ServicePlace[]): string[] {
  const processors = chosen.filter(({ kind }) => kind === "processor");
  const written = new Set(processors.flatMap(({ outputs }) => outputs));
  const sources = [...chosen, ...kept].filter(({ kind }) => kind === "source").flatMap(({ outputs }) => outputs);
  for (const name of sources) written.delete(name);
  if (processors.length > 0 && kept.every(({ kind }) => kind === "source")) {
    for (const name of [DEAD_LETTERS_TOPIC, REDRIVEN_TOPIC]) written.add(name);
  }
  return [...written];
}

/** @throws {TopicError} a service that is kept has read what would be deleted: it would have read what comes then a second time */
async function refuseReaders(
  admin: Admin,
  chosen: readonly ServicePlace[],
  kept: readonly ServicePlace[],
): Promise<void> {
  const deleted = new Set(chosen.filter(({ kind }) => kind === "processor").flatMap(({ outputs }) => outputs));
  const readers = kept.filter(({ inputs }) => inputs.some((input) => deleted.has(input)));
  const groups = await admin.groups(readers.map(({ application }) => application));
  const reading = readers.filter(({ application }) => groups.includes(application));
  if (reading.length === 0) return;
  const names = reading.map(({ name }) => name).join(", ");
  const command = `npm run reset -- ${[...chosen, ...reading].map(({ name }) => name).join(" ")}`;
  throw new TopicError(
    `${names} ${reading.length === 1 ? "has" : "have"} read results that would be written a second time: reset them together, ${command}`,
  );
}
