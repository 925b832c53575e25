/** What the Kafka client says against the properties that its user has set, before anything connects. */
import { accessSync, constants } from "node:fs";
import kafka from "@confluentinc/kafka-javascript";
import { messageOf } from "../errors.js";
import { variableOf } from "../service-settings.js";
import { CONSUMER_ONLY, MEMBER_ONLY, PRODUCER_ONLY, without } from "./client.js";
import { KafkaCode } from "./kafka-error.js";

type Properties = Readonly<Record<string, string>>;

/** Their values are not to be told. */
const SECRET = /password|secret|\.pem$|token|jaas|oauthbearer\.config/;
/** A client that has no broker to go to says so, and has nothing against its properties. */
const NOBODY_THERE: ReadonlySet<unknown> = new Set([KafkaCode.TRANSPORT, KafkaCode.TIMED_OUT]);

/**
 * What is wrong with each property; where nothing is, what a client says that is made of all of them: it reads the files that they
 * name. It knows no broker.
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
  // What goes together with a group's settings is judged beside those, see membershipFaults.
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
  if (code === undefined || NOBODY_THERE.has(code)) return undefined;
  return hideSecrets(faultText(String(message), properties), properties);
}

function faultText(message: string, properties: Properties): string {
  const text = message.replace(/: error:[0-9A-F]{8}:.*$/s, "");
  const named = Object.keys(properties).filter((name) => text.includes(name));
  const unreadable = named.flatMap((name) => (name.endsWith(".location") ? readFault(properties[name]) : []));
  // Which of the two is at fault the client writes to its log only, and not always.
  const password = PASSWORD_OF.find(([start]) => text.includes(start))?.[1];
  const asks = password !== undefined && unreadable.length === 0;
  const names = asks && properties[password] !== undefined ? [...named, password] : named;
  const remedy = asks ? [`the file is there: is its form, or ${variableOf(password)}, wrong?`] : unreadable;
  const subject = names.length === 0 ? "KAFKA_CONF_*" : names.map(variableOf).join(", ");
  return [`${subject}: ${text}`, ...remedy].join(": ");
}

/** What may be locked by a password, by how a message names it. */
const PASSWORD_OF = [
  ["ssl.key", "ssl.key.password"],
  ["ssl.keystore", "ssl.keystore.password"],
] as const;

/** Why a file cannot be read, in the words of the system; nothing where it can. */
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
