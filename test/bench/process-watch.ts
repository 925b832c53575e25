/** What processes and all that descend from them take: processor time and memory, from /proc, of all threads. */
import { readdirSync, readFileSync } from "node:fs";

/** Linux's unit of times in /proc, on every machine that Node.js runs on. */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 100;

/** One process of /proc. */
interface ProcessStat {
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** All processes together at a moment. */
interface Sample {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly residentMiB: number;
}

/** Watches trees of processes, which may end and be followed by others, until it is stopped. */
export class ProcessWatch {
  readonly #roots: () => readonly number[];
  readonly #timer: NodeJS.Timeout;
  /** The last that was seen of each process, those that have ended too. */
  readonly #cpuSeconds = new Map<number, number>();
  readonly #samples: Sample[] = [];
  #peakMiB = 0;

  /** @param roots process numbers of the trees' roots now; some of them may have ended */
  constructor(roots: () => readonly number[]) {
    this.#roots = roots;
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
    this.sample();
  }

  /** Most resident memory of all processes together. */
  get peakMiB(): number {
    return this.#peakMiB;
  }

  /** User and system time of all processes until `atMs` of performance.now(). */
  cpuSecondsAt(atMs: number): number {
    return this.#sampleAt(atMs)?.cpuSeconds ?? 0;
  }

  /** Resident memory of all processes together at `atMs` of performance.now(). */
  residentMiBAt(atMs: number): number {
    return this.#sampleAt(atMs)?.residentMiB ?? 0;
  }

  #sampleAt(atMs: number): Sample | undefined {
    return this.#samples.find((sample) => sample.atMs >= atMs) ?? this.#samples.at(-1);
  }

  sample(): void {
    const stats = processStats();
    let residentMiB = 0;
    for (const pid of treeOf(stats, this.#roots())) {
      const { resident, peak } = memoryOf(pid);
      residentMiB += resident;
      // What a process held between two samples is known of each alone.
      this.#peakMiB = Math.max(this.#peakMiB, peak);
      this.#cpuSeconds.set(pid, stats.get(pid)?.cpuSeconds ?? 0);
    }
    this.#peakMiB = Math.max(this.#peakMiB, residentMiB);
    const cpuSeconds = [...this.#cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0);
    this.#samples.push({ atMs: performance.now(), cpuSeconds, residentMiB });
  }

  stop(): void {
    this.sample();
    clearInterval(this.#timer);
  }
}

/** Name of a process's first thread in {@link threadSeconds}: the system gives it that of the program, as it does others. */
export const MAIN_THREAD = "main";

/** Processor time of the threads of a process, by their names; threads that have ended count for nobody. */
export function threadSeconds(pid: number): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readText(`/proc/${pid}/task/${thread}/stat`);
    if (text === undefined) continue;
    const name = thread === String(pid) ? MAIN_THREAD : text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
    seconds.set(name, (seconds.get(name) ?? 0) + statOf(text).cpuSeconds);
  }
  return seconds;
}

/** Seconds in which any processor of the machine has been busy since it was started. */
export function busySeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8").split("\n")[0].split(/ +/);
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

/** User and system time that a process has taken, its threads and its ended children included; 0 where it has ended. */
export function cpuSecondsOf(pid: number): number {
  const text = readText(`/proc/${pid}/stat`);
  return text === undefined ? 0 : statOf(text).cpuSeconds;
}

function processStats(): ReadonlyMap<number, ProcessStat> {
  const stats = new Map<number, ProcessStat>();
  for (const name of readdirSync("/proc")) {
    const text = /^\d+$/.test(name) ? readText(`/proc/${name}/stat`) : undefined;
    if (text !== undefined) stats.set(Number(name), statOf(text));
  }
  return stats;
}

/** Fields of proc(5), counted after the name, which may hold blanks: state, parent, ... utime 12th, stime, cutime, cstime. */
function statOf(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND };
}

function treeOf(stats: ReadonlyMap<number, ProcessStat>, roots: readonly number[]): ReadonlySet<number> {
  const tree = new Set(roots.filter((pid) => stats.has(pid)));
  // A set is walked in the order of its growth: children that are added are visited as well.
  for (const pid of tree) for (const [child, { parent }] of stats) if (parent === pid) tree.add(child);
  return tree;
}

/** In MiB; 0 where the process has ended. */
function memoryOf(pid: number): { resident: number; peak: number } {
  const status = readText(`/proc/${pid}/status`) ?? "";
  const mib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
  return { resident: mib("VmRSS"), peak: mib("VmHWM") };
}

/** @returns undefined where the process has ended meanwhile */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
