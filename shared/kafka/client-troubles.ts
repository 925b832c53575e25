/**
 * What stands between a process and Kafka, as its clients say. They tell it in their log alone, each for itself and again and again;
 * here the newest is kept for /ready, and told in the log once.
 */

import { brokerAddresses } from "../broker-addresses.js";
import type { Logger } from "../logger.js";
import { certificateFault } from "./broker-certificate.js";
import { type ConnectionTrouble, connectionTrouble, sentenceOf } from "./connection-trouble.js";

/** The client repeats itself every 30 s while a trouble lasts; a trouble that is not repeated is over. */
const FRESH_MS = 75_000;

export interface ClientLog {
  /** What the line is of; `FAIL` for a connection. */
  readonly fac?: unknown;
  readonly message?: unknown;
}

export class KafkaTroubles {
  readonly #properties: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  #newest: ConnectionTrouble | undefined;
  #seenMs = 0;
  #guess: string | undefined;
  /** What is wrong with a broker's certificate, by its address. */
  readonly #faults = new Map<string, string>();
  /** Reasons that the log has had since Kafka answered last. */
  readonly #told = new Set<string>();

  /** @param properties librdkafka's, of the user */
  constructor(properties: Readonly<Record<string, string>>, logger: Logger) {
    this.#properties = properties;
    this.#logger = logger;
  }

  /** The newest trouble in one line; undefined where there is none, or Kafka has answered since. */
  get reason(): string | undefined {
    const fresh = performance.now() - this.#seenMs < FRESH_MS;
    return this.#newest !== undefined && fresh ? this.#sentence(this.#newest) : undefined;
  }

  /** Kafka has answered. */
  answered(): void {
    this.#newest = undefined;
    this.#guess = undefined;
    this.#told.clear();
    this.#faults.clear();
  }

  /** A client has logged something. */
  onLog({ fac, message }: ClientLog): void {
    const trouble = fac === "FAIL" ? connectionTrouble(String(message)) : undefined;
    if (trouble === undefined) return;
    if (this.#isFirstGuess(trouble) || this.#isOutranked(trouble)) return;
    this.#seenMs = performance.now();
    if (this.#newest?.reason === trouble.reason && this.#newest.broker === trouble.broker) return;
    this.#newest = trouble;
    if (this.#told.has(trouble.reason)) return;
    this.#told.add(trouble.reason);
    if (isOfCertificate(trouble)) this.#lookAtCertificate(trouble);
    else this.#tell(trouble);
  }

  /** What is only guessed has to come twice in a row. */
  #isFirstGuess({ guessed, reason }: ConnectionTrouble): boolean {
    const before = this.#guess;
    this.#guess = guessed ? reason : undefined;
    return guessed === true && before !== reason;
  }

  /** A broker that refuses tells more than another that cannot be reached. */
  #isOutranked({ refused }: ConnectionTrouble): boolean {
    const newest = this.reason === undefined ? undefined : this.#newest;
    return newest?.refused === true && newest.guessed !== true && !refused;
  }

  #lookAtCertificate(trouble: ConnectionTrouble): void {
    const [address] = brokerAddresses(trouble.broker) ?? [];
    const looking = address === undefined ? Promise.resolve(undefined) : certificateFault(address, this.#properties);
    looking.then(
      (fault) => {
        if (fault !== undefined) this.#faults.set(trouble.broker, fault);
        this.#tell(trouble);
      },
      (error: unknown) => {
        this.#logger.debug({ broker: trouble.broker, err: error }, "certificate not seen");
        // It is looked at again when the client says it again.
        this.#told.delete(trouble.reason);
        this.#newest = undefined;
      },
    );
  }

  #sentence(trouble: ConnectionTrouble): string {
    const fault = this.#faults.get(trouble.broker);
    return sentenceOf(fault === undefined || !isOfCertificate(trouble) ? trouble : { ...trouble, fault });
  }

  #tell(trouble: ConnectionTrouble): void {
    this.#logger.warn({ broker: trouble.broker }, this.#sentence(trouble));
  }
}

const isOfCertificate = ({ reason }: ConnectionTrouble): boolean => reason.includes("certificate verify failed");
