/** A broker with a listener for each way to secure one, and an authorizer. Certificates are made by Java's keytool. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../../deploy/local/free-port.js";
import { type LocalKafka, startLocalKafka } from "../../../deploy/local/local-kafka.js";

const STORE_PASSWORD = "keystore-password";
/** The user that is no superuser. */
export const USER = { name: "alice", password: "hunter2-of-alice" } as const;
const LIBRARIES = fileURLToPath(new URL("../../../../.local/kafka/libs/*", import.meta.url));

export interface SecuredKafka {
  readonly kafka: LocalKafka;
  /** For KAFKA_BROKERS, by listener: without security (a superuser), TLS, TLS with an expired certificate, and SASL. */
  readonly brokers: Readonly<Record<"plain" | "tls" | "expired" | "sasl", string>>;
  /** Certificates that their listeners show, each its own authority. */
  readonly certificates: Readonly<Record<"tls" | "expired", string>>;
  /** Takes all rights on a topic from everybody but superusers. */
  deny(topic: string): Promise<void>;
  /** Gives them back. */
  allow(topic: string): Promise<void>;
}

/** It speaks the classic group protocol alone. */
export async function startSecuredKafka(directory: string): Promise<SecuredKafka> {
  mkdirSync(directory, { recursive: true });
  const stores = {
    tls: makeCertificate(directory, "tls", []),
    expired: makeCertificate(directory, "expired", ["-startdate", "-20d"]),
  };
  const [plain, tls, expired, sasl, controllerPort] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const ports = { PLAIN: plain, TLS: tls, EXPIRED: expired, SASL: sasl };
  const listeners = Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  const kafka = await startLocalKafka({
    directory: join(directory, "kafka"),
    port: plain,
    controllerPort,
    properties: {
      listeners: [...listeners, `CONTROLLER://127.0.0.1:${controllerPort}`].join(","),
      "advertised.listeners": listeners.join(","),
      "inter.broker.listener.name": "PLAIN",
      "listener.security.protocol.map": "PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,EXPIRED:SSL,SASL:SASL_PLAINTEXT",
      ...keyStore("tls", stores.tls.keyStore),
      ...keyStore("expired", stores.expired.keyStore),
      "sasl.enabled.mechanisms": "PLAIN",
      "listener.name.sasl.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER.name}="${USER.password}";`,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
      "allow.everyone.if.no.acl.found": "true",
      "group.coordinator.rebalance.protocols": "classic",
    },
  });
  const at = (port: number) => `127.0.0.1:${port}`;
  // A topic that somebody has a right on is nobody else's.
  const rule = (topic: string) => ["--allow-principal", "User:nobody", "--operation", "Read", "--topic", topic];
  const change = async (...args: readonly string[]) => {
    const command = ["-XX:TieredStopAtLevel=1", "-cp", LIBRARIES, "org.apache.kafka.tools.AclCommand"];
    await promisify(execFile)("java", [...command, "--bootstrap-server", at(plain), ...args]);
  };
  return {
    kafka,
    brokers: { plain: at(plain), tls: at(tls), expired: at(expired), sasl: at(sasl) },
    certificates: { tls: stores.tls.certificate, expired: stores.expired.certificate },
    deny: (topic) => change("--add", ...rule(topic)),
    allow: (topic) => change("--remove", "--force", ...rule(topic)),
  };
}

function makeCertificate(directory: string, name: string, dates: readonly string[]) {
  const keyStore = join(directory, `${name}.p12`);
  const certificate = join(directory, `${name}.pem`);
  const store = ["-alias", name, "-keystore", keyStore, "-storepass", STORE_PASSWORD, "-storetype", "PKCS12"];
  const subject = ["-dname", `CN=${name}`, "-ext", "SAN=ip:127.0.0.1", "-validity", "10", ...dates];
  execFileSync("keytool", ["-genkeypair", "-keyalg", "EC", ...store, ...subject], { stdio: "pipe" });
  execFileSync("keytool", ["-exportcert", "-rfc", "-file", certificate, ...store], { stdio: "pipe" });
  return { keyStore, certificate };
}

function keyStore(listener: string, location: string): Record<string, string> {
  const prefix = `listener.name.${listener}.ssl`;
  return {
    [`${prefix}.keystore.type`]: "PKCS12",
    [`${prefix}.keystore.location`]: location,
    [`${prefix}.keystore.password`]: STORE_PASSWORD,
    [`${prefix}.key.password`]: STORE_PASSWORD,
  };
}
