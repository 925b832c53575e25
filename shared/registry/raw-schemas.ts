/** The schemas of raw records, by the ids that these bear: fetched before a record is processed, and kept. */
import { AwayError, messageOf, RecordError, SchemaError } from "../errors.js";
import { frameOf } from "../wire-format.js";
import type { PayloadDecoder } from "./payload-decoders.js";
import { RegistryClient, type StoredSchema } from "./registry-client.js";
import type { RegistryAccess } from "./registry-http.js";

/** Why a record of a registered schema cannot be read. */
export type SchemaFault = "no-schema-id" | "unknown-schema" | "not-of-its-schema";

/** After this time the registry is asked again for an id that it did not have, or whose schema could not be used. */
const UNKNOWN_FOR_MS = 60_000;
/** More ids than that are forgotten together. A batch has fewer. */
const IDS_MAX = 20_000;
/** Schemas that one may refer to, directly or not. */
const REFERRED_MAX = 1000;
/** Ids are positive integers of 32 bits: a larger one is no question for a registry. */
const ID_MAX = 2 ** 31 - 1;
const QUESTIONS_AT_ONCE = 8;
/** What is not fetched by then is fetched at the next attempt: a member of a group has to be heard of meanwhile. */
const FETCH_MS = 5000;

/** Why an id cannot be used, and since when that is known. */
interface Fault {
  readonly fault: string;
  readonly sinceMs: number;
}

export class RawSchemas {
  readonly #client: RegistryClient;
  readonly #fetchMs: number;
  readonly #decoders = new Map<number, PayloadDecoder>();
  /** Apart from the schemas, which ids that are none cannot displace. */
  readonly #faults = new Map<number, Fault>();
  /** Whether the last fetch was given up half way: what it found is not asked again before the rest. */
  #isUnfinished = false;

  /** @param fetchMs after which a fetch is given up half way */
  constructor(access: RegistryAccess, fetchMs = FETCH_MS) {
    this.#client = new RegistryClient(access);
    this.#fetchMs = fetchMs;
  }

  /**
   * Fetches the schemas of the ids that are not known.
   * @returns undefined where all are
   * @throws {AwayError} by the promise: the registry does not answer, or takes longer than {@link FETCH_MS} for all of them
   */
  fetch(ids: Iterable<number>): Promise<void> | undefined {
    if (this.#decoders.size > IDS_MAX) this.#decoders.clear();
    if (this.#faults.size > IDS_MAX) this.#faults.clear();
    const missing = [...new Set(ids)].filter((id) => this.#isMissing(id));
    return missing.length === 0 ? undefined : this.#fetchAll(missing);
  }

  /**
   * The JSON of a value, whose schema was fetched.
   * @throws {RecordError} with a {@link SchemaFault}
   */
  json(value: Buffer): Buffer {
    const frame = frameOf(value);
    if (frame === undefined)
      throw fault("no-schema-id", "expected a byte 0 and the id of a schema, got another beginning");
    const { schemaId, payload } = frame;
    if (schemaId > ID_MAX) throw fault("unknown-schema", notThere(schemaId));
    const decode = this.#decoders.get(schemaId);
    const known = this.#faults.get(schemaId);
    if (decode === undefined && known !== undefined) throw fault("unknown-schema", known.fault);
    if (decode === undefined) throw new Error(`the schema ${schemaId} was not fetched`);
    try {
      return decode(payload);
    } catch {
      // The decoder's own words may hold a part of the record.
      throw fault("not-of-its-schema", `expected a record of the schema ${schemaId}, got bytes that are none`);
    }
  }

  #isMissing(id: number): boolean {
    if (id > ID_MAX || this.#decoders.has(id)) return false;
    const known = this.#faults.get(id);
    if (known === undefined) return true;
    return !this.#isUnfinished && performance.now() - known.sinceMs > UNKNOWN_FOR_MS;
  }

  async #fetchAll(ids: readonly number[]): Promise<void> {
    const left = ids.values();
    const endMs = performance.now() + this.#fetchMs;
    let isOver = false;
    const ask = async () => {
      for (const id of left) {
        await this.#learn(id);
        if (isOver) return;
        if (performance.now() > endMs && ids.some((other) => this.#isMissing(other))) {
          this.#isUnfinished = true;
          throw new AwayError(`waiting for the schema registry: it is asked for more schemas, ${ids.length} in all`);
        }
      }
    };
    const asking = Array.from({ length: QUESTIONS_AT_ONCE }, ask);
    try {
      await Promise.all(asking);
      this.#isUnfinished = false;
    } finally {
      // Those that go on after one has failed end with the question that they are at.
      isOver = true;
      await Promise.allSettled(asking);
    }
  }

  async #learn(id: number): Promise<void> {
    const learned = await this.#schemaOf(id);
    if (typeof learned === "function") {
      this.#decoders.set(id, learned);
      this.#faults.delete(id);
    } else this.#faults.set(id, { fault: learned, sinceMs: performance.now() });
  }

  /** What decodes the records of an id, or in words why nothing can. */
  async #schemaOf(id: number): Promise<PayloadDecoder | string> {
    try {
      const stored = await this.#client.schemaOf(id);
      if (stored === undefined) return notThere(id);
      // Most services need neither Avro nor Protobuf.
      const { payloadDecoder } = await import("./payload-decoders.js");
      return payloadDecoder(stored, await this.#referred(stored));
    } catch (error) {
      if (error instanceof AwayError) throw error;
      const why = messageOf(error);
      return error instanceof SchemaError
        ? why
        : `expected a schema that can be used, got that of the id ${id}: ${why}`;
    }
  }

  /** Those first that others refer to, each once. */
  async #referred(stored: StoredSchema): Promise<StoredSchema[]> {
    const found = new Map<string, StoredSchema>();
    const seen = new Set<string>();
    const visit = async ({ references }: StoredSchema): Promise<void> => {
      for (const reference of references) {
        const key = `${reference.subject} ${reference.version}`;
        if (seen.has(key) || seen.size === REFERRED_MAX) continue;
        seen.add(key);
        const other = await this.#client.referredBy(reference);
        await visit(other);
        found.set(key, other);
      }
    };
    await visit(stored);
    return [...found.values()];
  }
}

const notThere = (id: number): string => `expected a schema that the registry has, got the id ${id}`;
const fault = (reason: SchemaFault, message: string): RecordError => new RecordError(reason, message);
