/** Apache Kafka for local runs and tests: the jars that deploy/local/kafka/pom.xml pins. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_DIRECTORY, logTail, PROJECT_DIRECTORY, SetupError } from "./console.mjs";
import { run } from "./program.mjs";

const POM = join(PROJECT_DIRECTORY, "deploy", "local", "kafka", "pom.xml");
const LIBRARIES = join(LOCAL_DIRECTORY, "kafka", "libs");
const STAMP = "pom.sha256";

function wantedStamp() {
  return createHash("sha256").update(readFileSync(POM)).digest("hex");
}

/** Whether the jars are those of the pom. */
export function kafkaIsFetched() {
  const stamp = join(LIBRARIES, STAMP);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === wantedStamp();
}

/**
 * Fetches the jars.
 * @throws {SetupError} Maven could not
 */
export async function fetchKafka() {
  const partial = `${LIBRARIES}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const args = ["-q", "-B", "-f", POM, "dependency:copy-dependencies", `-DoutputDirectory=${partial}`];
  if (!(await run("mvn", args, { cwd: PROJECT_DIRECTORY }))) {
    const offline = /Unknown host|Connection refused|timed out|Network is unreachable|No route|name resolution/.test(
      logTail(),
    );
    const command = `mvn -B -f ${POM} dependency:copy-dependencies`;
    throw new SetupError(
      offline ? "Maven could not reach its repository. Check with:" : "Maven failed. Try it by hand:",
      {
        showLog: true,
        advice: offline ? [`${command}    (a proxy goes into ~/.m2/settings.xml)`] : [command],
      },
    );
  }
  writeFileSync(join(partial, STAMP), wantedStamp());
  rmSync(LIBRARIES, { recursive: true, force: true });
  renameSync(partial, LIBRARIES);
}
