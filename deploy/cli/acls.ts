/**
 * `npm run acls -- <principal> [service...]`: the least rights that services need, as commands for Kafka's administrator. Nothing is
 * connected to, and nothing changed.
 */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { SERVICE_NAMES, type ServiceName } from "../../services/names.js";
import { readSettings } from "../../shared/config.js";
import { type NeededTopic, needsOf, type ServiceNeeds } from "../../shared/needed-rights.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { wholeNumber } from "../../shared/setting-kinds.js";
import { printable } from "../printable.js";
import { aclCommand, topicCommand } from "./acl-commands.js";
import { runCommand, write } from "./command.js";
import { SERVICE_DEFINITIONS } from "./definitions.js";

interface AclOptions {
  readonly create: boolean;
  readonly inputPartitions?: number;
}

const command = new Command("acls")
  .description("Prints the least rights that services need in a locked cluster, as commands of kafka-acls.sh.")
  .argument("<principal>", "who the services are to Kafka: User:alice, or alice", principalArgument)
  .addArgument(new Argument("[services...]", "which; without one all five").choices(SERVICE_NAMES))
  .option("--create", "with the right to make the topics that they write, which nobody has to make then", false)
  .addOption(
    new Option(
      "--input-partitions <number>",
      "partitions that their inputs have, TOPIC_PARTITIONS by default",
    ).argParser(partitionsArgument),
  );

await runCommand(command, async (environment) => {
  const [principal, named]: [string, readonly ServiceName[]] = [command.processedArgs[0], command.processedArgs[1]];
  const { create, inputPartitions } = command.opts<AclOptions>();
  const names = named.length > 0 ? named : SERVICE_NAMES;
  const needs = names.map((name) => needsOf(SERVICE_DEFINITIONS[name], environment, create));
  for (const { service, brokers, rights } of needs) {
    const lines = rights.map((right) => aclCommand(principal, brokers, right));
    await write([`# ${service}`, ...lines, ""].map((line) => `${line}\n`).join(""));
  }
  const { topicPartitions } = readSettings(kernelSettings, environment);
  if (!create) await write(topicLines(needs, inputPartitions ?? topicPartitions));
});

/** A topic that several services write is made once. */
function topicLines(needs: readonly ServiceNeeds[], inputPartitions: number): string {
  const topics = new Map<string, NeededTopic>();
  for (const topic of needs.flatMap((of) => of.topics)) topics.set(topic.name, topics.get(topic.name) ?? topic);
  const inputs = new Set(needs.flatMap((of) => of.inputs).filter((name) => !topics.has(name)));
  const others = inputs.size === 0 ? "" : `# Others make what is read besides: ${[...inputs].join(", ")}.\n`;
  const lines = [...topics.values()].map((topic) => `${topicCommand(needs[0].brokers, topic, inputPartitions)}\n`);
  return [
    "# Topics to make beforehand, since the services may not (--create lets them). Changelogs need as many partitions as the\n",
    `# inputs of their service have, here ${inputPartitions} (--input-partitions).\n`,
    others,
    ...lines,
  ].join("");
}

function principalArgument(text: string): string {
  if (text.trim() === "" || printable(text) !== text)
    throw new InvalidArgumentError("Expected a principal as Kafka names it: User:alice, User:CN=alice.");
  return text.includes(":") ? text : `User:${text}`;
}

function partitionsArgument(text: string): number {
  const read = wholeNumber(1, 10_000).safeParse(text);
  if (!read.success) throw new InvalidArgumentError("Expected a number of partitions from 1 to 10000.");
  return read.data;
}
