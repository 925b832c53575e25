/** How many processors this process may use: those of the machine, or fewer where its container sets a limit. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { posix } from "node:path";

const CGROUP_ROOT = "/sys/fs/cgroup";
/** A line of /proc/self/cgroup. The path may have colons: containerd makes `<slice>:cri-containerd:<id>` of it. */
const GROUP = /^(?<number>\d+):(?<controllers>[^:]*):(?<path>.*)$/;

/** @returns the text of a file, undefined where it cannot be read */
export type FileReader = (path: string) => string | undefined;

/** The processors that this process may use: 1 or more. A limit of one and a half is two, so that none of it is left idle. */
export function processorLimit(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(cgroupProcessors(readIfThere))));
}

/**
 * The processor time that the control groups of this process leave it, in processors; Infinity where none limits it. Node 20 knows
 * the processors that a process is bound to, and not this quota. Inside a container the own group may be shown as the root, so
 * that is always looked at too.
 */
export function cgroupProcessors(read: FileReader): number {
  const groups = (read("/proc/self/cgroup") ?? "").split("\n").map((line) => GROUP.exec(line)?.groups ?? {});
  const unified = groups.find(({ number, controllers }) => number === "0" && controllers === "");
  const split = groups.find(({ controllers }) => controllers?.split(",").includes("cpu"));
  const quotas = [
    ...pathsUp(unified?.path).map((path) => unifiedQuota(read, posix.join(CGROUP_ROOT, path))),
    ...pathsUp(split?.path).map((path) => splitQuota(read, posix.join(CGROUP_ROOT, "cpu", path))),
  ];
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** A group and those that it is in, up to the root. */
function pathsUp(path = "/"): string[] {
  return path === "/" || !path.startsWith("/") ? ["/"] : [path, ...pathsUp(posix.dirname(path))];
}

/** cgroup v2: `<quota or max> <period>`, both in us. */
function unifiedQuota(read: FileReader, folder: string): number {
  const [quota, period] = (read(posix.join(folder, "cpu.max")) ?? "").split(" ");
  return ratioOf(quota, period);
}

/** cgroup v1: a quota of -1 is none. */
function splitQuota(read: FileReader, folder: string): number {
  return ratioOf(read(posix.join(folder, "cpu.cfs_quota_us")), read(posix.join(folder, "cpu.cfs_period_us")));
}

function ratioOf(quota: string | undefined, period: string | undefined): number {
  const ratio = Number(quota) / Number(period);
  return ratio > 0 && Number.isFinite(ratio) ? ratio : Number.POSITIVE_INFINITY;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
