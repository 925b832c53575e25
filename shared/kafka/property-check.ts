/** The faults that the Kafka client finds in its user's properties, before anything connects. */
import { accessSync, constants } from "node:fs";
import kafka from "@confluentinc/kafka-javascript";
import type { Environment } from "../config.js";
import { ConfigurationError, messageOf } from "../errors.js";
import { readClientProperties, variableOf } from "../kafka-variables.js";
import { CONSUMER_ONLY, MEMBER_ONLY, PRODUCER_ONLY, without } from "./client-properties.js";
import { KafkaCode } from "./kafka-error.js";

type Properties = Readonly<Record<string, string>>;

/** Properties whose values no message may show. */
const SECRET = /password|secret|\.pem$|token|jaas|oauthbearer\.config/;
/** What a client answers that accepts its properties: it has no broker to connect to. */
const NO_BROKER: ReadonlySet<unknown> = new Set([KafkaCode.TRANSPORT, KafkaCode.TIMED_OUT]);

/**
 * The properties that KAFKA_CONF_* set, as a client accepts them. Nothing connects.
 * @throws {ConfigurationError} properties that are reserved, or that no client accepts
 */
export async function readCheckedProperties(environment: Environment): Promise<Properties> {
  const properties = readClientProperties(environment);
  const faults = await faultsOfProperties(properties);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return properties;
}

/**
 * The fault of each property. Where none has one, the fault that a client finds which is made with all of them and no broker: it
 * reads the files that they name.
 */
export async function faultsOfProperties(properties: Properties): Promise<string[]> {
  const faults = Object.entries(properties).flatMap(([name, value]) => {
    try {
      new kafka.KafkaConsumer({ [name]: value } as object, {});
      return [];
    } catch (error) {
      return [hideSecrets(messageOf(error), properties)];
    }
  });
  if (faults.length > 0) return faults;
  // Contradictions with the settings of a group are found by membershipFaults.
  const ofReader = without(without(properties, PRODUCER_ONLY), MEMBER_ONLY);
  const fault =
    (await faultOfClient(new kafka.Producer(without(properties, CONSUMER_ONLY) as object), properties)) ??
    (await faultOfClient(new kafka.KafkaConsumer({ "group.id": "check", ...ofReader } as object, {}), properties));
  return fault === undefined ? [] : [fault];
}

interface Connectable {
  connect(options: { timeout: number }, done: (error: unknown) => void): unknown;
}

async function faultOfClient(native: unknown, properties: Properties): Promise<string | undefined> {
  const client = native as Connectable;
  const failure = await new Promise((resolve) => client.connect({ timeout: 1 }, resolve));
  const { code, message }: { code?: unknown; message?: unknown } = Object(failure);
  if (code === undefined || NO_BROKER.has(code)) return undefined;
  return hideSecrets(faultText(String(message), properties), properties);
}

function faultText(message: string, properties: Properties): string {
  const text = message.replace(/: error:[0-9A-F]{8}:.*$/s, "");
  const named = Object.keys(properties).filter((name) => text.includes(name));
  const unreadable = named.flatMap((name) => (name.endsWith(".location") ? readFault(properties[name]) : []));
  // Which of file and password is wrong, the client writes to its log only, and not always.
  const password = PASSWORD_OF.find(([start]) => text.includes(start))?.[1];
  const asks = password !== undefined && unreadable.length === 0;
  const names = asks && properties[password] !== undefined ? [...named, password] : named;
  const remedy = asks ? [`the file is there: is its form, or ${variableOf(password)}, wrong?`] : unreadable;
  const subject = names.length === 0 ? "KAFKA_CONF_*" : names.map(variableOf).join(", ");
  return [`${subject}: ${text}`, ...remedy].join(": ");
}

/** Properties of passwords, by how the names of what they open begin; the first that a message has is meant. */
const PASSWORD_OF = [
  ["ssl.keystore", "ssl.keystore.password"],
  ["ssl.key", "ssl.key.password"],
] as const;

/** Why a file cannot be read, in the system's words; empty where it can. */
function readFault(file: string): string[] {
  try {
    accessSync(file, constants.R_OK);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function hideSecrets(text: string, properties: Properties): string {
  let hidden = text;
  for (const [name, value] of Object.entries(properties))
    if (SECRET.test(name) && value !== "") hidden = hidden.replaceAll(value, "[hidden]");
  return hidden;
}
