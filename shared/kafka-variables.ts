/**
 * The variables of the environment that set librdkafka's properties: `KAFKA_CONF_<property with underscores>`, and the same with
 * `_FILE` behind it for the name of a file with the value.
 */
import type { Environment } from "./config.js";
import { ConfigurationError } from "./errors.js";
import { secretIn } from "./secret-file.js";

const PREFIX = "KAFKA_CONF_";

/** The variable that sets a librdkafka property. */
export const variableOf = (property: string): string => PREFIX + property.toUpperCase().replaceAll(".", "_");

const FILE_SUFFIX = ".file";
/** The client's own properties that are named so: they say where a file is, and mean no other property. */
const NAMED_FILE = /^sasl\.oauthbearer\.assertion\.(?:file|private\.key\.file|jwt\.template\.file)$/;

/** Properties that the guarantee rests on. */
const RESERVED = new Set([
  "auto.offset.reset",
  "bootstrap.servers",
  "metadata.broker.list",
  "group.id",
  "group.instance.id",
  "group.protocol",
  "group.remote.assignor",
  "heartbeat.interval.ms",
  "partition.assignment.strategy",
  "session.timeout.ms",
  "transactional.id",
  "transaction.timeout.ms",
  "enable.idempotence",
  "enable.auto.commit",
  "enable.auto.offset.store",
  "isolation.level",
  "partitioner",
]);

/**
 * Librdkafka properties by name, for example `security.protocol` from KAFKA_CONF_SECURITY_PROTOCOL=ssl.
 * @throws {ConfigurationError} a property that the service sets itself, one that is set twice, or a file that cannot be read
 */
export function readClientProperties(environment: Environment): Readonly<Record<string, string>> {
  const { properties, faults } = findClientProperties(environment);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return properties;
}

/** As {@link readClientProperties}, but returns the faults beside the properties that have none. */
export function findClientProperties(environment: Environment): {
  readonly properties: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
} {
  const properties: Record<string, string> = {};
  const faults: string[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.toUpperCase().startsWith(PREFIX) || value === undefined) continue;
    const name = variable.slice(PREFIX.length).toLowerCase().replaceAll("_", ".");
    const isFile = name.endsWith(FILE_SUFFIX) && !NAMED_FILE.test(name);
    const property = isFile ? name.slice(0, -FILE_SUFFIX.length) : name;
    const text = isFile ? secretIn(value) : value;
    if (RESERVED.has(property)) faults.push(`${variable}: ${property} is set by the kernel; use its own setting`);
    else if (text === undefined) faults.push(`${variable}=${value}: expected a file that can be read`);
    else if (Object.hasOwn(properties, property)) faults.push(`${variable}: ${property} is set twice; set it once`);
    else properties[property] = text;
  }
  return { properties, faults };
}
