/** Settings that every service has. */
import { type ZodType, z } from "zod";
import { brokerList, singleAddress } from "./broker-addresses.js";
import { type Environment, type SettingDefinitions, type Settings, setting } from "./config.js";
import { type CommitStep, commitSteps, type Failpoint } from "./failpoint.js";
import { MIB } from "./memory-budget.js";
import { registryFaults, registrySettings } from "./registry-settings.js";
import { secretIn } from "./secret-file.js";
import { optional, textSetting, wholeNumber } from "./setting-kinds.js";

const NAME_EXPECTED = "expected letters, digits, dots, dashes or underscores, at most 100";
const name = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, NAME_EXPECTED);

export const kernelSettings = {
  brokers: setting(
    "KAFKA_BROKERS",
    textSetting(
      brokerList,
      "host:port, or several separated by commas, with ports from 1 to 65535 and addresses of IPv6 in brackets",
    ),
    {
      default: "127.0.0.1:9092",
      alias: "KAFKA_BOOTSTRAP_SERVERS",
      doc: "Kafka brokers, host:port separated by commas; addresses of IPv6 in brackets, `[::1]:9092`",
    },
  ),
  applicationId: setting("APPLICATION_ID", name, {
    default: "regatta",
    doc: "prefix of consumer groups, transactional ids, changelog topics and state folders",
  }),
  instanceId: setting("INSTANCE_ID", name, {
    default: "local",
    doc: "names this host in transactional ids; give every host that has a STATE_DIR of its own another one",
  }),
  stateDir: setting("STATE_DIR", z.string(), { default: ".local/state", doc: "folder of the LevelDB stores" }),
  httpHost: setting("HTTP_HOST", z.string(), {
    default: "127.0.0.1",
    doc: "address that metrics, health and state are served on",
  }),
  httpPort: setting("HTTP_PORT", wholeNumber(0, 65535), {
    default: "9464",
    doc: "port of metrics, health and state; 0 takes a free one",
  }),
  httpAddress: setting(
    "HTTP_ADDRESS",
    optional(textSetting(singleAddress, "host:port, an address of IPv6 in brackets")),
    {
      default: "",
      doc: "where the service's other instances reach what this one serves, `host:port`; where empty, HTTP_HOST and HTTP_PORT, or with an HTTP_HOST of `0.0.0.0` the first address of this machine, container or pod",
    },
  ),
  httpToken: setting(
    "HTTP_TOKEN_FILE",
    optional(
      textSetting(tokenIn, "a file that can be read, in it one token of 16 to 4096 letters, digits and -._~+/="),
    ),
    {
      default: "",
      doc: "file with a token that `/state` and `/query` ask for from then on, as `Authorization: Bearer <token>`: the same for all instances of a service, read at the start; empty for none. `/metrics`, `/live` and `/ready` ask for none",
    },
  ),
  commitIntervalMs: setting("COMMIT_INTERVAL_MS", wholeNumber(1, 60_000), {
    default: "100",
    doc: "shortest time between two commits, in ms, and longest that a record waits for its own; results become visible at a commit",
  }),
  processingGuarantee: setting(
    "PROCESSING_GUARANTEE",
    z.enum(["exactly_once", "at_least_once"], { error: "expected exactly_once or at_least_once" }),
    {
      default: "exactly_once",
      doc: "`exactly_once` by Kafka transactions, or `at_least_once` without them: records may then be repeated after a crash",
    },
  ),
  topicPartitions: setting("TOPIC_PARTITIONS", wholeNumber(1, 10_000), {
    default: "4",
    doc: "partitions of the topics that a service creates (changelogs: as many as its inputs have)",
  }),
  replicationFactor: setting(
    "REPLICATION_FACTOR",
    z
      .string()
      .regex(/^(-1|[1-9]\d?)$/, "expected -1 (the broker's default) or 1 to 99")
      .transform(Number),
    {
      default: "-1",
      doc: "replicas of the topics that a service creates; -1 takes the broker's default",
    },
  ),
  topicRetentionMib: setting(
    "TOPIC_RETENTION_MIB",
    z
      .string()
      .regex(/^(-1|[1-9]\d{0,8})$/, "expected -1 (no bound) or a whole number from 1 to 999999999")
      .transform(Number),
    {
      default: "2048",
      doc: "bound of each partition of the topics that a service creates, in MiB, after which the oldest records go; -1 for none. Time deletes nothing: records bear the time of their raw record, however old. Compacted topics have no bound",
    },
  ),
  groupProtocol: setting(
    "GROUP_PROTOCOL",
    z.enum(["consumer", "cooperative-sticky", "range"], { error: "expected consumer, cooperative-sticky or range" }),
    {
      default: "consumer",
      doc: "`consumer` (KIP-848, Kafka 4), or the classic protocol with the `cooperative-sticky` or `range` assignor; all instances of a service need the same",
    },
  ),
  groupInstanceId: setting("GROUP_INSTANCE_ID", z.string().regex(/^[A-Za-z0-9._-]{0,100}$/, NAME_EXPECTED), {
    default: "",
    doc: "static membership, another name in every instance of a service: one that is back within SESSION_TIMEOUT_MS keeps its partitions without a rebalance. Needs `cooperative-sticky` or `range`; empty for none",
  }),
  sessionTimeoutMs: setting("SESSION_TIMEOUT_MS", optional(wholeNumber(1000, 300_000)), {
    default: "",
    doc: "time until the partitions of a silent instance go to others, in ms; 10000 where empty. Needs `cooperative-sticky` or `range`: with `consumer` the broker's `group.consumer.session.timeout.ms` holds",
  }),
  transactionTimeoutMs: setting("TRANSACTION_TIMEOUT_MS", wholeNumber(1000, 900_000), {
    default: "10000",
    doc: "a transaction left open by an instance that does not come back is aborted after this time, in ms, when the broker next looks (`transaction.abort.timed.out.transaction.cleanup.interval.ms`): until then its partitions wait",
  }),
  storeCacheBytes: setting("STORE_CACHE_MIB", cacheSize(), {
    default: "auto",
    doc: "memory for state values that need not be read from LevelDB, of all stores and tasks of a process, in MiB; `auto` is a fifth of the memory limit, at most 512, where values are kept as their bytes (rls-racer, deserializer), an eighth, at most 256, where they are kept decoded; 0 keeps none",
  }),
  stateSaveIntervalMs: setting("STATE_SAVE_INTERVAL_MS", wholeNumber(0, 3_600_000), {
    default: "30000",
    doc: "time between two writes of committed state to the folders in STATE_DIR, in ms; sooner where much of it waits, and always at a clean stop. After a kill, what they lack is restored from the changelog",
  }),
  standbyReplicas: setting("STANDBY_REPLICAS", wholeNumber(0, 100), {
    default: "0",
    doc: "other hosts (INSTANCE_IDs with a STATE_DIR of their own) that keep a warm copy of each task's state, so that a takeover replays only what it lacks",
  }),
  shutdownTimeoutMs: setting("SHUTDOWN_TIMEOUT_MS", wholeNumber(100, 600_000), {
    default: "25000",
    doc: "time to finish and commit after SIGTERM, in ms; then the process ends all the same and loses nothing",
  }),
  onChangelogLoss: setting(
    "ON_CHANGELOG_LOSS",
    z.enum(["stop", "rebuild", "accept"], { error: "expected stop, rebuild or accept" }),
    {
      default: "stop",
      doc:
        "where a changelog is gone or lacks what its group has committed: `stop`; `rebuild` writes it anew from the folder in STATE_DIR, if that has everything; " +
        "`accept` goes on from the group's positions with the state that is left",
    },
  ),
  onInputLoss: setting("ON_INPUT_LOSS", z.enum(["stop", "skip"], { error: "expected stop or skip" }), {
    default: "stop",
    doc: "where input records were deleted before they were read: `stop`, or `skip` them, count them and go on with what is there. A new application also stops at observations whose beginning is gone; of a raw topic it reads what is left, and tells and counts the rest",
  }),
  ...registrySettings,
  failpoint: setting(
    "FAILPOINT",
    z
      .string()
      .regex(
        new RegExp(`^((${commitSteps.join("|")}):[1-9]\\d{0,8})?$`),
        `expected <step>:<pass>, with a step of ${commitSteps.join(", ")}`,
      )
      .transform(failpointOf),
    {
      default: "",
      doc: "for tests: ends the process by SIGKILL at the given pass of a commit's step; refused where NODE_ENV is production",
    },
  ),
  logLevel: setting(
    "LOG_LEVEL",
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
      error: "expected fatal, error, warn, info, debug, trace or silent",
    }),
    {
      default: "info",
      doc: "least level that is logged: fatal, error, warn, info, debug, trace or silent",
    },
  ),
} satisfies SettingDefinitions;

export type KernelSettings = Settings<typeof kernelSettings>;

function failpointOf(text: string): Failpoint | undefined {
  if (text === "") return undefined;
  const [step, pass] = text.split(":");
  return { step: step as CommitStep, pass: Number(pass) };
}

function tokenIn(path: string): string | undefined {
  const token = secretIn(path);
  return token !== undefined && /^[A-Za-z0-9._~+/=-]{16,4096}$/.test(token) ? token : undefined;
}

/** In MiB, as bytes; `auto` follows the memory limit and what the values are. */
function cacheSize(): ZodType<number | "auto", string> {
  const expected = "auto or a whole number of MiB from 0 to 1048576";
  return textSetting((text) => {
    if (text === "auto") return text;
    return /^\d{1,7}$/.test(text) && Number(text) <= 2 ** 20 ? Number(text) * MIB : undefined;
  }, expected);
}

/** Faults that several of the kernel's settings, or they and the environment, show together. */
export function kernelFaults(settings: Partial<KernelSettings>, environment: Environment): string[] {
  const { failpoint, commitIntervalMs, transactionTimeoutMs, processingGuarantee } = settings;
  const faults: string[] = registryFaults(settings);
  if (failpoint !== undefined && environment.NODE_ENV === "production")
    faults.push("FAILPOINT: is for tests and ends the process; it cannot be set where NODE_ENV is production");
  // A number of entries says nothing of the memory that they take, so it cannot be turned into the new setting.
  if ((environment.STORE_CACHE_ENTRIES ?? "").trim() !== "")
    faults.push(
      "STORE_CACHE_ENTRIES: the cache is bounded in bytes, not in entries: take this setting away, or set STORE_CACHE_MIB (auto follows the memory limit, 0 keeps none)",
    );
  if (
    processingGuarantee === "exactly_once" &&
    commitIntervalMs !== undefined &&
    transactionTimeoutMs !== undefined &&
    commitIntervalMs >= transactionTimeoutMs
  ) {
    faults.push(
      `COMMIT_INTERVAL_MS=${commitIntervalMs} is not below TRANSACTION_TIMEOUT_MS, ${transactionTimeoutMs}: the broker would abort ` +
        "every transaction before its commit. Set a shorter interval or a longer timeout.",
    );
  }
  return faults;
}
