/** A broker that allows nothing to anybody who was not given it, with a listener for each way to say who one is. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../deploy/local/free-port.js";
import { startLocalKafka } from "../../../deploy/local/local-kafka.js";
import { listenerProperties } from "./broker-listeners.js";
import { runKafkaTool } from "./kafka-tools.js";
import {
  type Certificate,
  keyStoreProperties,
  makeCertificate,
  makeTrustStore,
  STORE_PASSWORD,
  trustStoreProperties,
} from "./key-stores.js";
import { startTokenServer, type TokenServer } from "./token-server.js";

const USER = "scram-user";
const PASSWORD = "canary-of-the-scram-password";
const NEXT_PASSWORD = "canary-of-the-next-password";
const CLIENT = "token-client";
const CLIENT_SECRET = "canary-of-the-client-secret";
/** So short that a service fetches several while a test lasts. */
const TOKEN_LIFE_S = 5;
/** Users of the same listener whose passwords need no setting up. */
const PLAIN_USERS = 5;
/** Options of a command that say what it is about. */
const RESOURCES = new Set(["--topic", "--group", "--transactional-id"]);

type Environment = Readonly<Record<string, string>>;

/** How somebody reaches it, as settings of a service, and who that is to it. */
export interface Login {
  readonly principal: string;
  readonly environment: Environment;
}

export interface LockedKafka {
  /** For tests alone: a superuser's listener without security. */
  readonly administrator: string;
  /** By SCRAM-SHA-512, by a client's certificate, and by a token, each over TLS. */
  readonly scram: Login;
  readonly certificate: Login;
  readonly token: Login;
  /** Where {@link token} gets it. */
  readonly tokens: TokenServer;
  /** Others, by PLAIN over TLS. */
  readonly others: readonly Login[];
  /**
   * Renews what shows who somebody is: the broker starts again with the certificate of another authority, `renewed`, and the user of
   * {@link scram} has another password.
   */
  renew(): Promise<{ readonly authority: string; readonly password: string }>;
  /** Gives the rights that commands of `npm run acls` give, by Kafka's own tool. */
  apply(commands: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export async function startLockedKafka(directory: string): Promise<LockedKafka> {
  mkdirSync(directory, { recursive: true });
  const server = makeCertificate(directory, "server");
  const client = makeCertificate(directory, "client");
  const [admin, sasl, mutual, controllerPort] = await Promise.all(Array.from({ length: 4 }, () => freePort()));
  const listeners = {
    ADMIN: { port: admin, protocol: "PLAINTEXT" },
    SASL: { port: sasl, protocol: "SASL_SSL" },
    MUTUAL: { port: mutual, protocol: "SSL" },
  } as const;
  const kafka = await startLocalKafka({
    directory: join(directory, "kafka"),
    port: admin,
    controllerPort,
    properties: {
      ...listenerProperties(listeners, controllerPort),
      ...keyStoreProperties("sasl", server),
      ...keyStoreProperties("mutual", server),
      ...trustStoreProperties("mutual", makeTrustStore(directory, client)),
      ...saslProperties(),
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
      "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    },
  });
  const tokens = await startTokenServer(CLIENT, CLIENT_SECRET, TOKEN_LIFE_S);
  const administrator = `127.0.0.1:${admin}`;
  const setPassword = (password: string) =>
    runKafkaTool("kafka-configs.sh", ["--bootstrap-server", administrator, "--alter", ...scramUser(password)]);
  await setPassword(PASSWORD);
  return {
    administrator,
    tokens,
    ...logins(`127.0.0.1:${sasl}`, `127.0.0.1:${mutual}`, tokens.url, server, client),
    async close() {
      await tokens.close();
      await kafka.kill();
    },
    async renew() {
      const { keyStore, certificate } = makeCertificate(directory, "renewed");
      copyFileSync(keyStore, server.keyStore);
      await setPassword(NEXT_PASSWORD);
      await kafka.restart();
      return { authority: certificate, password: NEXT_PASSWORD };
    },
    async apply(commands) {
      for (const words of together(commands.map((command) => wordsOf(command, administrator))))
        await runKafkaTool("kafka-acls.sh", words);
    },
  };
}

function scramUser(password: string): string[] {
  const credential = `SCRAM-SHA-512=[password=${password}]`;
  return ["--add-config", credential, "--entity-type", "users", "--entity-name", USER];
}

function saslProperties(): Environment {
  const module = (name: string, options = "") => `org.apache.kafka.common.security.${name} required ${options};`;
  const users = Array.from({ length: PLAIN_USERS }, (_, k) => `user_u${k}="password-${k}"`).join(" ");
  const prefix = "listener.name.sasl";
  return {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN,OAUTHBEARER",
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: module("scram.ScramLoginModule"),
    [`${prefix}.plain.sasl.jaas.config`]: module("plain.PlainLoginModule", users),
    // Tokens that nobody has signed: whose they are is all that this is about.
    [`${prefix}.oauthbearer.sasl.jaas.config`]: module(
      "oauthbearer.OAuthBearerLoginModule",
      `unsecuredLoginStringClaim_sub="broker"`,
    ),
  };
}

function logins(sasl: string, mutual: string, tokenUrl: string, server: Certificate, client: Certificate) {
  const authority = { KAFKA_CONF_SSL_CA_LOCATION: server.certificate };
  const overSasl = { KAFKA_BROKERS: sasl, KAFKA_CONF_SECURITY_PROTOCOL: "sasl_ssl", ...authority };
  const password = (mechanism: string, name: string, secret: string): Login => ({
    principal: `User:${name}`,
    environment: {
      ...overSasl,
      KAFKA_CONF_SASL_MECHANISM: mechanism,
      KAFKA_CONF_SASL_USERNAME: name,
      KAFKA_CONF_SASL_PASSWORD: secret,
    },
  });
  return {
    scram: password("SCRAM-SHA-512", USER, PASSWORD),
    others: Array.from({ length: PLAIN_USERS }, (_, k) => password("PLAIN", `u${k}`, `password-${k}`)),
    certificate: {
      principal: "User:CN=client",
      environment: {
        KAFKA_BROKERS: mutual,
        KAFKA_CONF_SECURITY_PROTOCOL: "ssl",
        ...authority,
        KAFKA_CONF_SSL_KEYSTORE_LOCATION: client.keyStore,
        KAFKA_CONF_SSL_KEYSTORE_PASSWORD: STORE_PASSWORD,
      },
    },
    token: {
      principal: `User:${CLIENT}`,
      environment: {
        ...overSasl,
        KAFKA_CONF_SASL_MECHANISM: "OAUTHBEARER",
        KAFKA_CONF_SASL_OAUTHBEARER_METHOD: "oidc",
        KAFKA_CONF_SASL_OAUTHBEARER_CLIENT_ID: CLIENT,
        KAFKA_CONF_SASL_OAUTHBEARER_CLIENT_SECRET: CLIENT_SECRET,
        KAFKA_CONF_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: tokenUrl,
      },
    },
  };
}

/** Words of a shell's line, without the program, as the superuser who needs no file. */
function wordsOf(command: string, administrator: string): string[] {
  const [, ...words] = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, "$1"));
  const own = words.indexOf("--command-config");
  const rest = words.filter((_, at) => at !== own && at !== own + 1);
  return rest.map((word, at) => (rest[at - 1] === "--bootstrap-server" ? administrator : word));
}

/** The same with as few commands as can be, each of which is a Java machine: those that differ in their resources alone are one. */
function together(commands: readonly (readonly string[])[]): string[][] {
  const byRest = new Map<string, string[]>();
  for (const words of commands) {
    const isResource = (at: number) => RESOURCES.has(words[at]) || RESOURCES.has(words[at - 1]);
    const rest = words.filter((_, at) => !isResource(at));
    const merged = byRest.get(rest.join(" ")) ?? rest;
    byRest.set(rest.join(" "), [...merged, ...words.filter((_, at) => isResource(at))]);
  }
  return [...byRest.values()];
}
