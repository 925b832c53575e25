/** A broker with a listener for each way to secure one, and an authorizer. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../deploy/local/free-port.js";
import { type LocalKafka, startLocalKafka } from "../../../deploy/local/local-kafka.js";
import { listenerProperties } from "./broker-listeners.js";
import { runKafkaTool } from "./kafka-tools.js";
import { keyStoreProperties, makeCertificate } from "./key-stores.js";

/** The user that is no superuser. */
export const USER = { name: "alice", password: "hunter2-of-alice" } as const;

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
    tls: makeCertificate(directory, "tls"),
    expired: makeCertificate(directory, "expired", ["-startdate", "-20d"]),
  };
  const [plain, tls, expired, sasl, controllerPort] = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const listeners = {
    PLAIN: { port: plain, protocol: "PLAINTEXT" },
    TLS: { port: tls, protocol: "SSL" },
    EXPIRED: { port: expired, protocol: "SSL" },
    SASL: { port: sasl, protocol: "SASL_PLAINTEXT" },
  } as const;
  const kafka = await startLocalKafka({
    directory: join(directory, "kafka"),
    port: plain,
    controllerPort,
    properties: {
      ...listenerProperties(listeners, controllerPort),
      ...keyStoreProperties("tls", stores.tls),
      ...keyStoreProperties("expired", stores.expired),
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
  const change = (...args: readonly string[]) =>
    runKafkaTool("kafka-acls.sh", ["--bootstrap-server", at(plain), ...args]);
  return {
    kafka,
    brokers: { plain: at(plain), tls: at(tls), expired: at(expired), sasl: at(sasl) },
    certificates: { tls: stores.tls.certificate, expired: stores.expired.certificate },
    deny: (topic) => change("--add", ...rule(topic)),
    allow: (topic) => change("--remove", "--force", ...rule(topic)),
  };
}
