/** The page of the race: reads the results of a cluster and serves what they say, until it is closed. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClientOptions } from "../../shared/kafka/client.js";
import type { ServiceHealth } from "./messages.js";
import { type PageAddress, startPageServer } from "./page-server.js";
import { PageState } from "./page-state.js";
import { ResultReader } from "./result-reader.js";

const READ_MS = 100;

export interface RacePageOptions {
  readonly client: ClientOptions;
  /** As people see it. */
  readonly brokers: string;
  readonly address: PageAddress;
  /** Health of the services now; null where nobody knows. */
  services(): readonly ServiceHealth[] | null;
}

export interface RacePage {
  readonly url: string;
  /** Rejects where it cannot go on. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** @throws {PageAddressError} nothing can be served at this address */
export async function startRacePage({ client, brokers, address, services }: RacePageOptions): Promise<RacePage> {
  const state = new PageState();
  const reader = new ResultReader(client, state);
  const left = () => ({
    ...state.leftOut(),
    passedOver: reader.passedOver,
    strange: reader.strange,
    trouble: reader.trouble ?? null,
  });
  const server = await startPageServer(address, state, { brokers, services, left }).catch(async (error: unknown) => {
    await reader.close();
    throw error;
  });
  const stopping = new AbortController();
  const ended = readUntil(stopping.signal, reader);
  return {
    url: server.url,
    ended,
    close: async () => {
      stopping.abort();
      await server.close();
      await ended;
      await reader.close();
    },
  };
}

async function readUntil(stop: AbortSignal, reader: ResultReader): Promise<void> {
  while (!stop.aborted) {
    await reader.read();
    await pause(READ_MS);
  }
}
