/**
 * Has the controller take the broker that was killed with it for dead, before the broker comes back.
 *
 * Where one process is broker and controller, the controller holds a killed broker for alive when both come back, as its session has
 * not ended:
 *   1 The broker has its transactions at once, and sends the ends of those that were decided when it died.
 *   2 The session ends. The broker is dead to the controller: its partitions have no leader.
 *   3 Ends that are sent in this moment are passed over, for good (KAFKA-20734): results and positions of those transactions never
 *     become readable, and whoever asks for the group's positions waits for ever.
 *   4 The broker is let in.
 * So step 2 comes first: the controller runs alone until the session has ended. Then the broker has its transactions, and its partitions
 * have their leaders, from one moment on.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { waitForExit } from "./bound-process.js";
import { type JvmOptions, logged, POLL_MS, STOP_TIMEOUT_MS, spawnKafka, started } from "./kafka-jvm.js";
import type { BrokerPlace } from "./kafka-properties.js";

/** Kafka writes it into its data when it stops, and takes it away when it starts. */
const CLEAN_END = ".kafka_cleanshutdown";
/** The controller alone has no other broker to be patient with. */
const SESSION_MS = 1000;
const FENCED = "because its session has timed out";
/** Since it runs. A broker that was dead to it before is not told of again. */
const FENCED_TIMEOUT_MS = 20_000;
const KEPT_TIMEOUT_MS = 20_000;

/** Whether the broker that wrote this data was killed. */
export function wasKilled({ dataDirectory }: BrokerPlace): boolean {
  return existsSync(dataDirectory) && !existsSync(join(dataDirectory, CLEAN_END));
}

/** Properties of the controller alone, which take the place of the node's. */
export function controllerAlone({ controllerPort }: BrokerPlace): Readonly<Record<string, string>> {
  const listener = `CONTROLLER://127.0.0.1:${controllerPort}`;
  return {
    "process.roles": "controller",
    listeners: listener,
    "advertised.listeners": listener,
    "broker.session.timeout.ms": String(SESSION_MS),
  };
}

/**
 * Runs the controller alone until its broker is dead to it.
 * @param configuration file with {@link controllerAlone}
 * @throws {Error} it ended, or did not start within 120 s
 */
export async function fenceDeadBroker(
  options: JvmOptions,
  { dataDirectory }: BrokerPlace,
  configuration: string,
  onStart: (jvm: ChildProcess) => void,
): Promise<void> {
  rmSync(options.logFile, { force: true });
  const jvm = spawnKafka(options, ["-DcontrollerLevel=info", "kafka.Kafka", configuration]);
  jvm.unref();
  onStart(jvm);
  try {
    await started(jvm, options, "Kafka's controller");
    if (await logged(jvm, options, FENCED, FENCED_TIMEOUT_MS)) await keepsWhatItDecided(dataDirectory);
    jvm.kill("SIGTERM");
    await waitForExit(jvm, STOP_TIMEOUT_MS);
  } finally {
    jvm.kill("SIGKILL");
    await waitForExit(jvm);
  }
}

/**
 * Waits until what the controller has decided is in its log; it is told of a little earlier. The log is written in order, and a
 * record that says nothing comes each half second: where it has grown twice, at most the first time was of something earlier.
 */
async function keepsWhatItDecided(dataDirectory: string): Promise<void> {
  const deadline = performance.now() + KEPT_TIMEOUT_MS;
  let bytes = metadataBytes(dataDirectory);
  for (let growths = 0; growths < 2 && performance.now() < deadline; await pause(POLL_MS)) {
    const now = metadataBytes(dataDirectory);
    if (now !== bytes) growths += 1;
    bytes = now;
  }
}

function metadataBytes(dataDirectory: string): number {
  const directory = join(dataDirectory, "__cluster_metadata-0");
  const segments = readdirSync(directory).filter((name) => name.endsWith(".log"));
  return segments.reduce(
    (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
