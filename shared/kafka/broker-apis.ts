/**
 * Which brokers are too old for the consumer protocol (KIP-848). The client asks each broker for what it can do and tells that to its
 * debug log alone; a group that its broker cannot have it asks for again and again, without a word and without an end.
 */
import type { ClientLog } from "./client-troubles.js";

/** Debug context of the client in which it tells what a broker can do. */
export const APIS_CONTEXT = "feature";
/** Severity of the lines of debug contexts. */
const DEBUG_SEVERITY = 7;
/** ConsumerGroupHeartbeat, which the client sends in version 1: Kafka has it since 4.0, and an early form of it since 3.7. */
const HEARTBEAT_KEY = 68;
const HEARTBEAT_VERSION = 1;

const SPOKEN = /^\[thrd:(.*?)\]: (?:\w+:\/\/)?(\S+?)(?:\/(?:bootstrap|\d+))?: (.*)$/s;
const LIST = "Broker API support:";
const API = /^ *ApiKey \S+ \((\d+)\) Versions \d+\.\.(\d+)$/;

/** Whether a line is of a debug context. */
export const isDebug = (line: ClientLog & { readonly severity?: unknown }): boolean => line.severity === DEBUG_SEVERITY;

/** Reads one client's log; see the file's head. */
export class BrokerApis {
  readonly #onLack: (broker: string) => void;
  /** Threads whose broker's list is being told, and did not have it so far: two may tell that of one broker at once. */
  readonly #open = new Set<string>();

  /** @param onLack gets the address of each broker that cannot have groups of the consumer protocol, at each connection */
  constructor(onLack: (broker: string) => void) {
    this.#onLack = onLack;
  }

  /** Takes in a line. */
  onLog({ message }: ClientLog): void {
    const [, thread, broker, words = ""] = SPOKEN.exec(String(message)) ?? [];
    if (thread === undefined || broker === undefined) return;
    if (words === LIST) {
      this.#open.add(thread);
      return;
    }
    if (!this.#open.has(thread)) return;
    const [, key, newest] = API.exec(words) ?? [];
    if (key !== undefined && Number(key) !== HEARTBEAT_KEY) return;
    // Its own line, or the first after the list.
    this.#open.delete(thread);
    if (key === undefined || Number(newest) < HEARTBEAT_VERSION) this.#onLack(broker);
  }
}
