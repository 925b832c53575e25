/** Child processes that never outlive their parent and do not get the terminal's Ctrl-C. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";

/**
 * Starts a program bound to this process: when this process ends, in whatever way, SIGKILL included, the kernel kills the
 * child. Where setpriv is missing (it is part of Debian) the child is not bound.
 *
 * The child leads a process group of its own. A Ctrl-C goes to all of the terminal's group at once: a broker in it would end
 * before the services had committed to it. The parent decides which child stops when.
 *
 * It must be called on the main thread: the binding is to the thread that calls.
 */
export function spawnBound(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const own = { ...options, detached: true };
  return canBind() ? spawn("setpriv", ["--pdeathsig", "KILL", command, ...args], own) : spawn(command, [...args], own);
}

let bindable: boolean | undefined;

function canBind(): boolean {
  bindable ??= spawnSync("setpriv", ["--pdeathsig", "KILL", "true"], { stdio: "ignore" }).status === 0;
  return bindable;
}

/** How a child ended, in words: `exit code 1`, `signal SIGKILL`; undefined while it runs. */
export function endOf(child: ChildProcess): string | undefined {
  if (child.exitCode !== null) return `exit code ${child.exitCode}`;
  return child.signalCode === null ? undefined : `signal ${child.signalCode}`;
}

/** Waits until the child has ended; returns false where `timeoutMs` passed first. */
export function waitForExit(child: ChildProcess, timeoutMs?: number): Promise<boolean> {
  return new Promise((resolve) => {
    if (endOf(child) !== undefined || child.pid === undefined) return resolve(true);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => finish(false), timeoutMs);
    const finish = (done: boolean) => {
      clearTimeout(timer);
      child.off("exit", onExit);
      resolve(done);
    };
    const onExit = () => finish(true);
    child.once("exit", onExit);
    // A child that was unref'd does not keep this process alive; while its end is waited for, it must.
    child.ref();
  });
}
