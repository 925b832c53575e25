/**
 * Which process a number in a file means. The system uses process numbers again after a while, so the number alone could name
 * another process, which would then be ended.
 */
import { readFileSync } from "node:fs";

/** A process, told apart from any other that has or had its number. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks from boot to its start, and the boot's own id. */
  readonly started: string;
}

/** The mark of a running process; undefined where none of this number runs. */
export function markProcess(pid: number): ProcessMark | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold anything, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], fields[19]];
    if (state === "Z" || state === "X") return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { pid, started: `${boot}/${ticks}` };
  } catch {
    return undefined;
  }
}

/** Whether the process of the mark still runs. */
export function isRunning(mark: ProcessMark): boolean {
  return markProcess(mark.pid)?.started === mark.started;
}

/** Reads marks that were written as JSON under these names; undefined where the file is missing or holds something else. */
export function readMarks<Name extends string>(
  path: string,
  names: readonly Name[],
): Readonly<Record<Name, ProcessMark>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecordOfMarks(value, names) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecordOfMarks<Name extends string>(
  value: unknown,
  names: readonly Name[],
): value is Record<Name, ProcessMark> {
  return names.every((name) => {
    const mark: unknown = (value as Partial<Record<Name, unknown>> | null)?.[name];
    if (typeof mark !== "object" || mark === null) return false;
    const { pid, started } = mark as Partial<Record<keyof ProcessMark, unknown>>;
    return Number.isSafeInteger(pid) && typeof started === "string";
  });
}
