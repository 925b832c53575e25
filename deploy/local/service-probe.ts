/** Asks a running service over HTTP for its readiness, its records per second and its lag. */
import { z } from "zod";
import { readSamples } from "./prometheus-text.js";

const TIMEOUT_MS = 900;
/** Rates are means over this time: records are counted at commits, so that shorter ones would jump. */
const RATE_WINDOW_MS = 5000;

const CONSUMED = "regatta_records_consumed_total";
const PRODUCED = "regatta_records_produced_total";
const LAG = "regatta_consumer_lag_records";
const TASKS = "regatta_tasks";
const NAMES: ReadonlySet<string> = new Set([CONSUMED, PRODUCED, LAG, TASKS]);

const readySchema = z.object({ ready: z.boolean(), reasons: z.array(z.string()).optional() });

export interface Health {
  /** The name that its metrics bear; undefined while it does not answer. */
  readonly service?: string | undefined;
  readonly ready: boolean;
  /** `running`, or what it waits for. */
  readonly state: string;
  /** Records that it consumed since the process started, or wrote where it consumes none. */
  readonly records: number;
  readonly recordsPerSecond: number | undefined;
  readonly lagRecords: number | undefined;
}

/** The health of a service that does not answer, or not yet. */
export const SILENT: Health = {
  ready: false,
  state: "starting",
  records: 0,
  recordsPerSecond: undefined,
  lagRecords: undefined,
};

/** Asks one service repeatedly; rates are computed from earlier calls of {@link ask}. */
export class ServiceProbe {
  readonly #url: string;
  /** Counts of records in the last seconds, oldest first. */
  #history: { readonly atMs: number; readonly records: number }[] = [];

  /** @param url of the service's HTTP server, without a path */
  constructor(url: string) {
    this.#url = url;
  }

  /** Never throws: a service that does not answer is {@link SILENT}. */
  async ask(): Promise<Health> {
    try {
      const [ready, metrics] = await Promise.all([this.#get("/ready"), this.#get("/metrics")]);
      const { ready: isReady, reasons } = readySchema.parse(JSON.parse(ready));
      const samples = readSamples(metrics, NAMES);
      const sumOf = (name: string) => sum(samples.flatMap((sample) => (sample.name === name ? [sample.value] : [])));
      // A member of a group is ready before the group assigns it any partition.
      const hasTasks = (sumOf(TASKS) ?? 0) > 0;
      const records = sumOf(CONSUMED) ?? sumOf(PRODUCED) ?? 0;
      const reason = isReady ? "waiting for tasks" : (reasons?.[0] ?? "not ready");
      return {
        service: samples[0]?.labels.service,
        ready: isReady && hasTasks,
        state: isReady && hasTasks ? "running" : reason,
        records,
        recordsPerSecond: this.#rate(records),
        lagRecords: sumOf(LAG),
      };
    } catch {
      this.#history = [];
      return SILENT;
    }
  }

  async #get(path: string): Promise<string> {
    return (await fetch(this.#url + path, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text();
  }

  #rate(records: number): number | undefined {
    const atMs = performance.now();
    // A count that fell comes from a new process.
    if (records < (this.#history.at(-1)?.records ?? 0)) this.#history = [];
    this.#history.push({ atMs, records });
    while (this.#history.length > 2 && this.#history[1].atMs < atMs - RATE_WINDOW_MS) this.#history.shift();
    const [oldest] = this.#history;
    return atMs === oldest.atMs ? undefined : (1000 * (records - oldest.records)) / (atMs - oldest.atMs);
  }
}

function sum(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
}
