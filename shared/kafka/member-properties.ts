/** How an instance is a member of its consumer group: protocol, assignor, and whether membership outlives the process. */

import type { ConnectionSettings, Properties } from "./client-properties.js";

/** Time without a heartbeat after which the coordinator gives a classic member's partitions to others, in ms. */
const SESSION_TIMEOUT_MS = 10_000;
/** A member that misses one or two heartbeats is still alive. */
const HEARTBEATS_A_SESSION = 3;
const HEARTBEAT_MAX_MS = 3000;

type MembershipSettings = Pick<ConnectionSettings, "groupProtocol" | "groupInstanceId" | "sessionTimeoutMs">;

/**
 * Librdkafka's properties of a group member.
 *
 * The range assignor, the broker's as well as the client's, gives one member all inputs at one partition number, so that they are
 * one task. cooperative-sticky assigns each topic's partitions on their own: a task may then have some of its inputs only.
 */
export function memberProperties(settings: MembershipSettings): Properties {
  const { groupProtocol, groupInstanceId } = settings;
  if (groupProtocol === "consumer") return { "group.protocol": "consumer", "group.remote.assignor": "range" };
  const sessionTimeoutMs = settings.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
  return {
    "group.protocol": "classic",
    "partition.assignment.strategy": groupProtocol,
    "session.timeout.ms": sessionTimeoutMs,
    "heartbeat.interval.ms": Math.min(HEARTBEAT_MAX_MS, Math.floor(sessionTimeoutMs / HEARTBEATS_A_SESSION)),
    ...(groupInstanceId === "" ? {} : { "group.instance.id": groupInstanceId }),
  };
}

/** Whether a rebalance takes every partition away before it gives new ones. */
export const isEager = ({ groupProtocol }: MembershipSettings): boolean => groupProtocol === "range";

/** A broker that cannot have the group of a service, as a sentence that names the setting. */
export const oldBrokerFault = (broker: string): string =>
  `GROUP_PROTOCOL=consumer: expected brokers of Kafka 4.0 or newer, got an older one at ${broker}, which does not have the consumer ` +
  "protocol (KIP-848, ConsumerGroupHeartbeat 1). Set GROUP_PROTOCOL=cooperative-sticky in all instances of the service.";

/**
 * The settings of membership that contradict one another, as sentences that name them.
 * @param properties librdkafka's, of the user
 */
export function membershipFaults(
  settings: Partial<MembershipSettings>,
  properties: Readonly<Record<string, string>>,
): readonly string[] {
  const { groupProtocol, groupInstanceId, sessionTimeoutMs } = settings;
  const faults: string[] = [];
  if (groupProtocol === "consumer" && groupInstanceId !== undefined && groupInstanceId !== "") {
    faults.push(
      `GROUP_INSTANCE_ID=${groupInstanceId} needs GROUP_PROTOCOL=cooperative-sticky or range: with \`consumer\` a static member that ` +
        "was killed and comes back within its session is refused by the client for good. Set the protocol, or leave the id empty.",
    );
  }
  if (groupProtocol === "consumer" && sessionTimeoutMs !== undefined) {
    faults.push(
      `SESSION_TIMEOUT_MS=${sessionTimeoutMs} needs GROUP_PROTOCOL=cooperative-sticky or range: with \`consumer\` the broker's ` +
        "group.consumer.session.timeout.ms holds. Set it there, or leave SESSION_TIMEOUT_MS empty.",
    );
  }
  const pollInterval = properties["max.poll.interval.ms"];
  const session = sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
  if (groupProtocol !== undefined && groupProtocol !== "consumer" && Number(pollInterval) < session) {
    faults.push(
      `KAFKA_CONF_MAX_POLL_INTERVAL_MS=${pollInterval} is less than the session of a classic member (SESSION_TIMEOUT_MS, ${session}): ` +
        "set one of them so that the session is the shorter.",
    );
  }
  return faults;
}
