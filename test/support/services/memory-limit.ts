/**
 * A limit on a process's memory, as a container has one: a control group of the kernel's, version 1 or 2, where this user may
 * make one. Elsewhere there is none, and a test can only measure.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../wait.js";

const VERSIONS = [
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
  { root: "/sys/fs/cgroup", limit: "memory.max" },
] as const;

let made = 0;

export class MemoryLimit {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns undefined where no such group can be made */
  static of(bytes: number): MemoryLimit | undefined {
    for (const { root, limit } of VERSIONS) {
      const directory = join(root, `regatta-test-${process.pid}-${made++}`);
      try {
        mkdirSync(directory);
      } catch {
        // Not root, or no such file system: the next version is tried, and the caller is told by undefined.
        continue;
      }
      const group = new MemoryLimit(directory);
      if (existsSync(join(directory, limit))) {
        writeFileSync(join(directory, limit), String(bytes));
        return group;
      }
      rmdirSync(directory);
    }
    return undefined;
  }

  /** Command that puts itself into the group and then becomes the program whose words follow. */
  get launcher(): readonly string[] {
    return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', join(this.#directory, "cgroup.procs")];
  }

  /** Takes the group away; every process in it has ended. */
  async remove(): Promise<void> {
    await waitFor("the group to be empty", () => {
      try {
        rmdirSync(this.#directory);
        return true;
      } catch {
        // A process that was killed a moment ago may still be in it.
        return false;
      }
    });
  }
}

/** The most memory that a running process has held in RAM, in MiB. */
export function peakMemoryMb(pid: number): number {
  const kb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1024;
}
