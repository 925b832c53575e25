/** Kafka's own command line tools, a Java process each. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { classArchive, LIBRARIES } from "../../../deploy/local/kafka-jvm.js";

const run = promisify(execFile);

/** By the name of the script that a user calls. */
const MAINS = {
  "kafka-acls.sh": "org.apache.kafka.tools.AclCommand",
  "kafka-configs.sh": "kafka.admin.ConfigCommand",
} as const;

export type KafkaTool = keyof typeof MAINS;

/** @throws {Error} the tool failed, with what it wrote */
export async function runKafkaTool(tool: KafkaTool, args: readonly string[]): Promise<void> {
  const file = classArchive(LIBRARIES);
  const archive = existsSync(file) ? [`-XX:SharedArchiveFile=${file}`, "-Xlog:cds=off", "-Xlog:cds+dynamic=off"] : [];
  const options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", ...archive];
  await run("java", [...options, "-cp", `${LIBRARIES}/*`, MAINS[tool], ...args]);
}
