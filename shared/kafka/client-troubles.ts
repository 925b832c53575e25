/**
 * Why a process does not reach Kafka. Its clients write that to their own logs alone, each client for itself and every 30 s. Here
 * the newest reason is kept for /ready, and logged once.
 */

import { brokerAddresses } from "../broker-addresses.js";
import type { Logger } from "../logger.js";
import { certificateFault } from "./broker-certificate.js";
import { type ConnectionTrouble, connectionTrouble, sentenceOf } from "./connection-trouble.js";

/** A client repeats a trouble every 30 s while it lasts; a trouble that was not repeated for this time is over. */
const FRESH_MS = 75_000;

/** A line of a client's log. */
export interface ClientLog {
  /** Its subject: `FAIL` for a connection. */
  readonly fac?: unknown;
  readonly message?: unknown;
}

export class ClientTroubles {
  readonly #properties: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  #newest: ConnectionTrouble | undefined;
  #seenMs = 0;
  #guess: string | undefined;
  /** The fault of a broker's certificate, by the broker's address. */
  readonly #faults = new Map<string, string>();
  /** Reasons that were logged since Kafka answered last. */
  readonly #logged = new Set<string>();

  /** @param properties librdkafka's, of the user */
  constructor(properties: Readonly<Record<string, string>>, logger: Logger) {
    this.#properties = properties;
    this.#logger = logger;
  }

  /** The newest trouble in one line; undefined where there is none, or Kafka answered after it. */
  get reason(): string | undefined {
    const fresh = performance.now() - this.#seenMs < FRESH_MS;
    return this.#newest !== undefined && fresh ? this.#sentence(this.#newest) : undefined;
  }

  /** A client got an answer from Kafka: all troubles are over. */
  answered(): void {
    this.#newest = undefined;
    this.#guess = undefined;
    this.#logged.clear();
    this.#faults.clear();
  }

  /** Takes in a line of a client's log. */
  onLog({ fac, message }: ClientLog): void {
    const trouble = fac === "FAIL" ? connectionTrouble(String(message)) : undefined;
    if (trouble === undefined) return;
    if (this.#isFirstGuess(trouble) || this.#isOutranked(trouble)) return;
    this.#seenMs = performance.now();
    if (this.#newest?.reason === trouble.reason && this.#newest.broker === trouble.broker) return;
    this.#newest = trouble;
    if (this.#logged.has(trouble.reason)) return;
    this.#logged.add(trouble.reason);
    if (isOfCertificate(trouble)) this.#checkCertificate(trouble);
    else this.#log(trouble);
  }

  /** A reason that is only guessed counts once it came twice in a row. */
  #isFirstGuess({ guessed, reason }: ConnectionTrouble): boolean {
    const before = this.#guess;
    this.#guess = guessed ? reason : undefined;
    return guessed === true && before !== reason;
  }

  /** A broker that refuses is worth more than another that cannot be reached. */
  #isOutranked({ refused }: ConnectionTrouble): boolean {
    const newest = this.reason === undefined ? undefined : this.#newest;
    return newest?.refused === true && newest.guessed !== true && !refused;
  }

  #checkCertificate(trouble: ConnectionTrouble): void {
    const [address] = brokerAddresses(trouble.broker) ?? [];
    const check = address === undefined ? Promise.resolve(undefined) : certificateFault(address, this.#properties);
    check.then(
      (fault) => {
        if (fault !== undefined) this.#faults.set(trouble.broker, fault);
        this.#log(trouble);
      },
      (error: unknown) => {
        this.#logger.debug({ broker: trouble.broker, err: error }, "certificate not seen");
        // It is checked again when the client repeats the trouble.
        this.#logged.delete(trouble.reason);
        this.#newest = undefined;
      },
    );
  }

  #sentence(trouble: ConnectionTrouble): string {
    const fault = this.#faults.get(trouble.broker);
    return sentenceOf(fault === undefined || !isOfCertificate(trouble) ? trouble : { ...trouble, fault });
  }

  #log(trouble: ConnectionTrouble): void {
    this.#logger.warn({ broker: trouble.broker }, this.#sentence(trouble));
  }
}

const isOfCertificate = ({ reason }: ConnectionTrouble): boolean => reason.includes("certificate verify failed");
