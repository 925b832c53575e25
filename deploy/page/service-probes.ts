/** Asks the services for their health over HTTP, again and again, for a page that did not start them. */
import { setTimeout as pause } from "node:timers/promises";
import { type Health, ServiceProbe, SILENT } from "../local/service-probe.js";
import type { ServiceHealth } from "./messages.js";

const PROBE_MS = 1000;

export class ServiceProbes {
  #health: readonly ServiceHealth[];
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;

  /** @param urls of the services' HTTP servers, without a path */
  constructor(urls: readonly string[]) {
    this.#health = urls.map((url) => healthOf(url, SILENT, "not asked yet"));
    this.#ended = this.#ask(urls.map((url) => ({ url, probe: new ServiceProbe(url) })));
  }

  /** As the last answers were, in the order of the addresses. */
  get health(): readonly ServiceHealth[] {
    return this.#health;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #ask(probes: readonly { readonly url: string; readonly probe: ServiceProbe }[]): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#health = await Promise.all(
        probes.map(async ({ url, probe }) => {
          const health = await probe.ask();
          return healthOf(url, health, health === SILENT ? "does not answer" : health.state);
        }),
      );
      await pause(PROBE_MS);
    }
  }
}

function healthOf(url: string, { service, recordsPerSecond, lagRecords }: Health, state: string): ServiceHealth {
  return {
    name: service ?? new URL(url).host,
    state,
    recordsPerSecond: recordsPerSecond ?? null,
    lagRecords: lagRecords ?? null,
  };
}
