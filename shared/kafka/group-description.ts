/** Consumer groups, as the client describes or lists them. */
import kafka from "@confluentinc/kafka-javascript";
import type { TopicPartition } from "./topic-partition.js";

/** A consumer group. */
export interface GroupDescription {
  /** "some" where they are not counted, see {@link listedGroup}. */
  readonly members: number | "some";
  /** False while partitions come and go, and where it has no members. */
  readonly isStable: boolean;
  /** Partitions that its members have; undefined where that is not known, see {@link listedGroup}. */
  readonly assigned: readonly TopicPartition[] | undefined;
}

interface NativeListing {
  readonly groupId: string;
  readonly state: number;
}

export interface NativeListings {
  readonly groups: readonly NativeListing[];
  readonly errors: readonly unknown[];
}

export interface NativeGroup {
  readonly state: number;
  readonly members?: readonly { readonly assignment?: { readonly topicPartitions: readonly TopicPartition[] } }[];
  readonly error?: unknown;
}

/**
 * Whether an admin client may be asked for one group. The native half that npm has dies of SIGSEGV where the answer is an error: a
 * missing right, a broker that is away, another coordinator (see deploy/local/setup/client-repair.mjs).
 */
export const tellsGroupErrors = (client: object): boolean =>
  (client as { readonly _client: { readonly tellsGroupErrors?: unknown } })._client.tellsGroupErrors === true;

/** A group that its coordinator has described; undefined where it has none of that name. */
export function describedGroup({ state, members = [] }: NativeGroup): GroupDescription | undefined {
  if (state === kafka.ConsumerGroupStates.DEAD) return undefined;
  const assigned = members.flatMap(({ assignment }) => assignment?.topicPartitions ?? []);
  return {
    members: members.length,
    isStable: state === kafka.ConsumerGroupStates.STABLE,
    assigned: assigned.map(({ topic, partition }) => ({ topic, partition })),
  };
}

/** What the list of all groups tells of one: any client may ask for it. Undefined where it is not in the list. */
export function listedGroup(name: string, groups: readonly NativeListing[]): GroupDescription | undefined {
  const found = groups.find(({ groupId }) => groupId === name);
  if (found === undefined || found.state === kafka.ConsumerGroupStates.DEAD) return undefined;
  return {
    members: found.state === kafka.ConsumerGroupStates.EMPTY ? 0 : "some",
    isStable: found.state === kafka.ConsumerGroupStates.STABLE,
    assigned: undefined,
  };
}
