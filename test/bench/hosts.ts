/** Several hosts of the same services as one application. */
import { waitFor } from "../support/wait.js";
import type { App, RegattaApp } from "./app.js";

/** Copies of a million series are gigabytes. */
const COPY_TIMEOUT_MS = 600_000;

export class Hosts implements App {
  readonly output: string;
  readonly resultsPerRecord: number;
  readonly #hosts: readonly RegattaApp[];

  /** @param hosts one or more, each of another name */
  constructor(hosts: readonly RegattaApp[]) {
    this.#hosts = hosts;
    this.output = hosts[0].output;
    this.resultsPerRecord = hosts[0].resultsPerRecord;
  }

  get pids(): readonly number[] {
    return this.#hosts.flatMap(({ pids }) => pids);
  }

  start(): void {
    for (const host of this.#hosts) host.start();
  }

  async stop(): Promise<void> {
    for (const host of this.#hosts) await host.stop();
  }

  async kill(): Promise<void> {
    for (const host of this.#hosts) await host.kill();
  }

  wipe(): void {
    for (const host of this.#hosts) host.wipe();
  }

  mustRun(): void {
    for (const host of this.#hosts) host.mustRun();
  }
}

/** Waits until every task of the hosts has a copy that lacks nothing. */
export async function standbysAreThere(hosts: readonly RegattaApp[]): Promise<void> {
  const services = hosts.flatMap(({ processes }) => processes);
  await waitFor(
    "standbys that lack nothing",
    async () => {
      const [copies, lags, tasks] = await Promise.all([
        Promise.all(services.map((service) => service.metric("regatta_standby_tasks"))),
        Promise.all(services.map((service) => service.metric("regatta_standby_lag_records"))),
        Promise.all(services.map((service) => service.metric("regatta_tasks", { state: "running" }))),
      ]);
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      return sum(tasks) > 0 && sum(copies) === sum(tasks) && sum(lags) === 0;
    },
    COPY_TIMEOUT_MS,
  );
}
