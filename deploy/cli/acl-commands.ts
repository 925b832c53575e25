/** Rights and topics as commands of Kafka's own tools, a line each. Pure. */
import type { NeededTopic, Right } from "../../shared/needed-rights.js";

/** A file of the administrator's: who he is to a cluster that lets nobody else change it. */
const ADMINISTRATOR = "--command-config admin.properties";

/** @param principal with its type, `User:alice` */
export function aclCommand(principal: string, brokers: string, right: Right): string {
  const { resource, pattern, names, operations } = right;
  return [
    `kafka-acls.sh --bootstrap-server ${brokers} ${ADMINISTRATOR} --add --allow-principal ${quoted(principal)}`,
    ...operations.map((operation) => `--operation ${operation}`),
    ...names.map((name) => `--${resource} ${name}`),
    ...(pattern === "literal" ? [] : [`--resource-pattern-type ${pattern}`]),
  ].join(" ");
}

/** @param inputPartitions partitions of the service's inputs */
export function topicCommand(brokers: string, topic: NeededTopic, inputPartitions: number): string {
  const { name, partitions, replicationFactor, config } = topic;
  return [
    `kafka-topics.sh --bootstrap-server ${brokers} ${ADMINISTRATOR} --create --if-not-exists --topic ${name}`,
    `--partitions ${partitions === "inputs" ? inputPartitions : partitions}`,
    ...(replicationFactor < 0 ? [] : [`--replication-factor ${replicationFactor}`]),
    ...Object.entries(config).map(([property, value]) => `--config ${property}=${value}`),
  ].join(" ");
}

/** As one word for a shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
