/** This process as a job of the shell that its terminal belongs to. */
import { readFileSync } from "node:fs";

export interface TerminalJob {
  /** Whether keys are for it. In the background the kernel stops whoever reads from the terminal or changes its mode. */
  isForeground(): boolean;
  /** What a terminal does at Ctrl-\ and Ctrl-Z, to all processes of the job. */
  signal(name: "SIGQUIT" | "SIGTSTP"): void;
}

const NO_TERMINAL = -1;
/** Places of `pgrp` and `tpgid` among what stands after the name of the program. */
const [PGRP, TPGID] = [2, 5];

export const ownJob: TerminalJob = {
  isForeground: () => {
    try {
      return hasTerminal(readFileSync("/proc/self/stat", "utf8"));
    } catch {
      // Systems without /proc do not tell.
      return true;
    }
  },
  signal: (name) => {
    // 0 is the process group. A shell waits for each of it, npm among them.
    process.kill(0, name);
  },
};

/**
 * Whether a process is in the foreground of its terminal; one that no terminal controls is stopped by none. Pure.
 * @param stat of the process, as /proc has it: the program's name in brackets may have any character
 */
export function hasTerminal(stat: string): boolean {
  const fields = stat
    .slice(stat.lastIndexOf(")") + 1)
    .trim()
    .split(" ");
  const terminalGroup = Number(fields[TPGID]);
  return terminalGroup === NO_TERMINAL || terminalGroup === Number(fields[PGRP]);
}
