/**
 * Which process a number in a file means. The system uses process numbers again after a while, so the number alone could name
 * another process, which would then be ended.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A process, told apart from any other that has or had its number. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks from boot to its start, and the boot's own id. */
  readonly started: string;
}

/** The mark of a running process; undefined where none of this number runs. */
export function markProcess(pid: number): ProcessMark | undefined {
  try {
    const { state, ticks } = statOf(`/proc/${pid}/stat`);
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

/**
 * Whether all threads of a process stand still after SIGSTOP: the signal is taken by one of them, once it gets a processor, and
 * the others go on until then. True for a process that has ended.
 */
export function isStopped(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((thread) => statOf(`/proc/${pid}/task/${thread}/stat`).state === "T");
  } catch {
    return !existsSync(`/proc/${pid}`);
  }
}

/** The state's letter, and the clock ticks from boot to the start. @throws {Error} no such process or thread */
function statOf(path: string): { readonly state: string | undefined; readonly ticks: string | undefined } {
  const stat = readFileSync(path, "utf8");
  // The second field is the program's name in parentheses and may hold anything, so count from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0], ticks: fields[19] };
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
