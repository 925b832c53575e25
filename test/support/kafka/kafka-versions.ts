/** Brokers of other versions than the one that set-up fetches: their jars, from Maven, kept in .local. */
import { execFile } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const projectDirectory = fileURLToPath(new URL("../../../../", import.meta.url));
const POM = join(projectDirectory, "deploy", "local", "kafka", "pom.xml");
const FETCH_TIMEOUT_MS = 240_000;
/** Kafka 3.9 brings a binding for its log of its own; two of them are one too many. */
const OTHER_BINDING = "slf4j-reload4j";

/** Where the jars of a version are, once {@link fetchKafkaVersion} has fetched them. */
export const librariesOf = (version: string): string => join(projectDirectory, ".local", "kafka", version, "libs");

/**
 * Fetches the jars of a version of Kafka, as set-up fetches those of its own; nothing where they are there.
 * @returns why they cannot be had; undefined where they are there
 */
export async function fetchKafkaVersion(version: string): Promise<string | undefined> {
  const libraries = librariesOf(version);
  if (existsSync(libraries)) return undefined;
  const partial = `${libraries}.partial-${process.pid}`;
  const options = [
    `-Dkafka.version=${version}`,
    `-DexcludeArtifactIds=${OTHER_BINDING}`,
    `-DoutputDirectory=${partial}`,
  ];
  try {
    await run("mvn", ["-q", "-B", "-f", POM, "dependency:copy-dependencies", ...options], {
      timeout: FETCH_TIMEOUT_MS,
    });
    renameSync(partial, libraries);
    return undefined;
  } catch (error) {
    return `Maven could not fetch Kafka ${version}: ${saidBy(error)}`;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Maven's own first words of what it could not do. */
function saidBy(error: unknown): string {
  const { stdout = "", killed = false, message } = error as Error & { stdout?: string; killed?: boolean };
  if (killed) return `it took longer than ${FETCH_TIMEOUT_MS / 1000} s`;
  return stdout.split("\n").find((line) => line.includes("ERROR")) ?? message;
}
