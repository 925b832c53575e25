/** Apicurio Registry with its storage in memory and Confluent's API, as Maven Central has it: for tests alone. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../deploy/local/free-port.js";
import { root } from "../structure/imports.js";
import { waitFor } from "../wait.js";

/** The last version that runs on Java 17. */
const VERSION = "3.0.9";
const DIRECTORY = join(root, ".local", "apicurio");
const PROGRAM = join(DIRECTORY, VERSION, `apicurio-registry-app-${VERSION}-runner.jar`);
const FETCH_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 120_000;
/** Later ones ask for the parent of the artifact's pom as well, which Maven Central does not have. */
const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.10";

export const MISSING_APICURIO = `Skipped: Maven did not bring io.apicurio:apicurio-registry-app:${VERSION}, or there is no Java`;

export interface ApicurioRegistry {
  /** Where Confluent's API is. */
  readonly url: string;
  close(): Promise<void>;
}

/** @returns undefined where it cannot be had; {@link MISSING_APICURIO} tells it in words */
export async function startApicurio(): Promise<ApicurioRegistry | undefined> {
  if (!existsSync(PROGRAM) && !fetchApicurio()) return undefined;
  const port = await freePort();
  const properties = ["quarkus.http.host=127.0.0.1", `quarkus.http.port=${port}`].map((property) => `-D${property}`);
  const java = spawn(
    "java",
    ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...properties, "-jar", PROGRAM],
    {
      stdio: "ignore",
    },
  );
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  try {
    await waitFor("Apicurio Registry", () => answers(java, url), START_TIMEOUT_MS);
  } catch (error) {
    await end(java);
    throw error;
  }
  return { url, close: () => end(java) };
}

async function answers(java: ChildProcess, url: string): Promise<boolean> {
  if (java.exitCode !== null) throw new Error(`Apicurio Registry ended with ${java.exitCode} while it started`);
  const response = await fetch(`${url}/subjects`).catch(() => undefined);
  return response?.ok === true;
}

async function end(java: ChildProcess): Promise<void> {
  if (java.exitCode !== null || java.signalCode !== null) return;
  const ended = once(java, "exit");
  java.kill("SIGKILL");
  await ended;
}

/** Files of tests run side by side: one fetches, and the others find it there. */
function fetchApicurio(): boolean {
  const partial = join(DIRECTORY, `partial-${process.pid}`);
  const archive = `apicurio-registry-app-${VERSION}-all.tar.gz`;
  mkdirSync(partial, { recursive: true });
  const copy = [`-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`, `-DoutputDirectory=${partial}`];
  const options = { cwd: partial, stdio: "ignore", timeout: FETCH_TIMEOUT_MS } as const;
  const isThere =
    spawnSync("mvn", ["-q", "-B", `${PLUGIN}:copy`, ...copy], options).status === 0 &&
    spawnSync("tar", ["-xzf", archive], options).status === 0;
  if (isThere) {
    rmSync(join(partial, archive));
    moveIn(partial);
  }
  rmSync(partial, { recursive: true, force: true });
  return isThere;
}

function moveIn(partial: string): void {
  try {
    renameSync(partial, join(DIRECTORY, VERSION));
  } catch (error) {
    // Another file of tests was first.
    if (!existsSync(PROGRAM)) throw error;
  }
}
