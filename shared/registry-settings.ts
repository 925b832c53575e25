/** Settings of a schema registry, and of the form in which values go to topics. */
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { type ZodType, z } from "zod";
import { type SettingDefinitions, type Settings, setting } from "./config.js";
import { messageOf } from "./errors.js";
import { secretIn } from "./secret-file.js";
import { optional, splitList, textSetting } from "./setting-kinds.js";
import { valueFor, wordByTopic } from "./topic-setting.js";

const VALUE_FORMATS = ["json", "json-schema", "avro"] as const;
export type ValueFormat = (typeof VALUE_FORMATS)[number];

const REGISTRATION = ["on", "off"] as const;

export const registrySettings = {
  valueFormat: setting("VALUE_FORMAT", wordByTopic(VALUE_FORMATS), {
    default: "json",
    doc: "Form of the values of results: `json`, or with the id of their schema before them, as a schema registry gives it, `json-schema` and `avro`; by topic where that is wanted, `rls-best:avro,ml-best:avro`. Observations stay `json`: see [a schema registry](topics.md#a-schema-registry)",
  }),
  registryUrl: setting(
    "SCHEMA_REGISTRY_URL",
    textSetting(addressesIn, "http:// or https:// addresses without a user, ? or #, separated by commas"),
    {
      default: "",
      doc: "where a schema registry with Confluent's API is, `http://registry:8081`; several addresses of one separated by commas",
    },
  ),
  registryAuth: setting(
    "SCHEMA_REGISTRY_AUTH_FILE",
    secretFile(userIn, "a file that can be read, in it <user>:<password>"),
    {
      default: "",
      doc: "file with `<user>:<password>` for the schema registry, or with its API key and secret; empty for none",
    },
  ),
  registryCa: setting("SCHEMA_REGISTRY_CA_FILE", secretFile(pemIn, "a file of certificates in PEM"), {
    default: "",
    doc: "file of the certificates (PEM) that the schema registry is trusted by; where empty, those of Node.js",
  }),
  registryCert: setting("SCHEMA_REGISTRY_CERT_FILE", secretFile(pemIn, "a file with a certificate in PEM"), {
    default: "",
    doc: "file of the certificate (PEM) that the service shows the schema registry; empty for none",
  }),
  registryKey: setting("SCHEMA_REGISTRY_KEY_FILE", secretFile(pemIn, "a file with a private key in PEM"), {
    default: "",
    doc: "file of the key (PEM) of that certificate",
  }),
  registryRegister: setting("SCHEMA_REGISTRY_REGISTER", z.enum(REGISTRATION, { error: "expected on or off" }), {
    default: "on",
    doc: "whether a service registers the schemas of its results at its start; with `off` somebody else has to, before it",
  }),
} satisfies SettingDefinitions;

export type RegistrySettings = Settings<typeof registrySettings>;

/** The form of the values of a topic. */
export function formatOf({ valueFormat }: Pick<RegistrySettings, "valueFormat">, topic: string): ValueFormat {
  return valueFor(valueFormat, topic, "json");
}

/** Faults that several of these settings have together. */
export function registryFaults({
  valueFormat,
  registryUrl,
  registryCa,
  registryCert,
  registryKey,
}: Partial<RegistrySettings>): string[] {
  const faults: string[] = [];
  const asked = valueFormat === undefined ? [] : [valueFormat.all, ...valueFormat.topics.values()];
  const registered = asked.find((format) => format !== undefined && format !== "json");
  if (registered !== undefined && registryUrl?.length === 0)
    faults.push(`SCHEMA_REGISTRY_URL is not set, and VALUE_FORMAT=${registered} needs it`);
  if ((registryCert === undefined) !== (registryKey === undefined))
    faults.push("SCHEMA_REGISTRY_CERT_FILE and SCHEMA_REGISTRY_KEY_FILE belong together: set both or none");
  const tls = { ca: registryCa, cert: registryCert, key: registryKey };
  if (Object.values(tls).some((text) => text !== undefined)) faults.push(...tlsFaults(tls, registryUrl));
  return faults;
}

function tlsFaults(tls: SecureContextOptions, url: readonly string[] | undefined): string[] {
  const faults: string[] = [];
  if (url !== undefined && !url.some((address) => address.startsWith("https:")))
    faults.push(
      "SCHEMA_REGISTRY_CA_FILE, _CERT_FILE and _KEY_FILE are of use with an https:// address in SCHEMA_REGISTRY_URL alone",
    );
  try {
    createSecureContext(tls);
  } catch (error) {
    faults.push(`SCHEMA_REGISTRY_CA_FILE, _CERT_FILE and _KEY_FILE cannot be used together: ${messageOf(error)}`);
  }
  return faults;
}

/** As texts: settings go to worker threads, which take no URL. */
function addressesIn(text: string): readonly string[] | undefined {
  if (text === "") return [];
  const addresses: string[] = [];
  for (const part of splitList(text)) {
    if (!URL.canParse(part)) return undefined;
    const address = new URL(part);
    const { protocol, username, password, search, hash, href } = address;
    // A password here would be in every log that names the address; what follows a path has no place in a path below it.
    if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== "") return undefined;
    addresses.push(href);
  }
  return addresses;
}

function secretFile(read: (path: string) => string | undefined, expected: string): ZodType<string | undefined, string> {
  return optional(textSetting(read, expected));
}

function userIn(path: string): string | undefined {
  const text = secretIn(path);
  return text !== undefined && /^[^:\s][^:]*:./.test(text) ? text : undefined;
}

function pemIn(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.includes("-----BEGIN ") ? text : undefined;
  } catch {
    // Whatever the reason is, the fault names the setting and its file.
    return undefined;
  }
}
