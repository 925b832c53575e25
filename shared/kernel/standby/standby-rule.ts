/**
 * Which instance keeps a warm copy of which task. Kafka's assignor knows nothing of standbys; every instance applies this
 * rule to the same list of instances and comes to the same answer, without a word between them.
 */
import { crc32 } from "node:zlib";
import { type Instance, nameOf } from "../instances/roster.js";

/**
 * The partition numbers whose standby `self` keeps.
 *
 * A standby is of use on another host than the owner's: on the owner's own, another instance opens the same folder. Hosts are ranked by
 * rendezvous hashing, so that one that comes or goes moves only its own share, and so are the instances of a host.
 * [Thaler and Ravishankar 1998, Using name-based mappings to increase hit rates]
 *
 * @param partitions number of tasks of the service
 * @param replicas   standbys wanted for each task; fewer where there are fewer other hosts
 * @returns undefined while the group is on the move, which shows by a partition without an owner or by a list without `self`:
 *   leave things as they are
 */
export function standbyPartitions(
  self: Pick<Instance, "host" | "slot">,
  instances: readonly Instance[],
  partitions: number,
  replicas: number,
): readonly number[] | undefined {
  const siblings = instances.filter(({ host }) => host === self.host);
  if (!siblings.some(({ slot }) => slot === self.slot)) return undefined;
  const hosts = [...new Set(instances.map(({ host }) => host))];
  const ownersByPartition = hostsByPartition(instances);
  const kept: number[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const owners = ownersByPartition.get(partition);
    if (owners === undefined) return undefined;
    if (owners.has(self.host)) continue;
    const better = hosts.filter((host) => !owners.has(host) && ranksBefore(partition, host, self.host));
    const first = siblings.every((sibling) => !ranksBefore(partition, nameOf(sibling), nameOf(self)));
    if (better.length < replicas && first) kept.push(partition);
  }
  return kept;
}

function hostsByPartition(instances: readonly Instance[]): ReadonlyMap<number, ReadonlySet<string>> {
  const hosts = new Map<number, Set<string>>();
  for (const { host, partitions } of instances) {
    for (const partition of partitions) {
      const owners = hosts.get(partition);
      if (owners === undefined) hosts.set(partition, new Set([host]));
      else owners.add(host);
    }
  }
  return hosts;
}

/** A total order of names that differs from partition to partition. */
function ranksBefore(partition: number, a: string, b: string): boolean {
  const difference = score(partition, a) - score(partition, b);
  return difference === 0 ? a < b : difference > 0;
}

/** A checksum is linear in its input; the last steps of MurmurHash3 take that away. */
function score(partition: number, name: string): number {
  let hash = crc32(`${partition}/${name}`);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
