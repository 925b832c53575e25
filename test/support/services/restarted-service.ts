/** A service that is started again at once whenever it is killed, and how long no commit came each time. */
import type { RunningService } from "./service-runner.js";

export class RestartedService {
  readonly name: string;
  /** Seconds from each kill to the first commit of a successor; of kills that followed each other before one, the first. */
  readonly standstills: number[] = [];
  readonly #start: () => RunningService;
  #process: RunningService;
  #killedMs: number | undefined;
  #worked = false;

  constructor(name: string, start: () => RunningService) {
    this.name = name;
    this.#start = start;
    this.#process = start();
  }

  get process(): RunningService {
    return this.#process;
  }

  /** Whether the process that runs now has committed; looks at its metrics until it has. */
  async hasCommitted(): Promise<boolean> {
    if (this.#worked) return true;
    const observed = this.#process;
    // A process that has not opened its port yet, or is killed meanwhile, has not committed.
    const seconds = observed.serving
      ? await observed.metric("regatta_last_commit_timestamp_seconds").catch(() => 0)
      : 0;
    if (seconds === 0 || observed !== this.#process) return false;
    this.#worked = true;
    if (this.#killedMs !== undefined) this.standstills.push(seconds - this.#killedMs / 1000);
    this.#killedMs = undefined;
    return true;
  }

  /** Whether records lie in an open transaction of the process. */
  async inTransaction(): Promise<boolean> {
    if (!this.#process.serving) return false;
    return (await this.#process.metric("regatta_transaction_open_records").catch(() => 0)) > 0;
  }

  /** SIGKILL, and at once the successor. */
  async kill(): Promise<void> {
    this.#killedMs ??= Date.now();
    this.#worked = false;
    await this.#process.kill();
    this.#process = this.#start();
  }
}
