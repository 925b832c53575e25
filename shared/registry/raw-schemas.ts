/** The schemas of raw records, by the ids that these bear: fetched before a record is processed, and kept. */
import { AwayError, messageOf, RecordError } from "../errors.js";
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

type Known = { readonly decode: PayloadDecoder } | { readonly fault: string; readonly sinceMs: number };

export class RawSchemas {
  readonly #client: RegistryClient;
  readonly #known = new Map<number, Known>();

  constructor(access: RegistryAccess) {
    this.#client = new RegistryClient(access);
  }

  /**
   * Fetches the schemas of the ids that are not known.
   * @returns undefined where all are
   * @throws {AwayError} by the promise: the registry does not answer
   */
  fetch(ids: Iterable<number>): Promise<void> | undefined {
    if (this.#known.size > IDS_MAX) this.#known.clear();
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
    const known = this.#known.get(schemaId);
    if (known === undefined) throw new Error(`the schema ${schemaId} was not fetched`);
    if ("fault" in known) throw fault("unknown-schema", known.fault);
    try {
      return known.decode(payload);
    } catch {
      // The decoder's own words may hold a part of the record.
      throw fault("not-of-its-schema", `expected a record of the schema ${schemaId}, got bytes that are none`);
    }
  }

  #isMissing(id: number): boolean {
    const known = this.#known.get(id);
    return known === undefined || ("fault" in known && performance.now() - known.sinceMs > UNKNOWN_FOR_MS);
  }

  async #fetchAll(ids: readonly number[]): Promise<void> {
    const left = ids.values();
    const ask = async () => {
      for (const id of left) this.#known.set(id, await this.#schemaOf(id));
    };
    await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, ask));
  }

  async #schemaOf(id: number): Promise<Known> {
    const unknown = (why: string): Known => ({ fault: why, sinceMs: performance.now() });
    const stored = id > ID_MAX ? undefined : await this.#client.schemaOf(id);
    if (stored === undefined) return unknown(`expected a schema that the registry has, got the id ${id}`);
    // Most services need neither Avro nor Protobuf.
    const { payloadDecoder } = await import("./payload-decoders.js");
    try {
      return { decode: payloadDecoder(stored, await this.#referred(stored)) };
    } catch (error) {
      if (error instanceof AwayError) throw error;
      return unknown(`expected a schema that can be used, got that of the id ${id}: ${messageOf(error)}`);
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

const fault = (reason: SchemaFault, message: string): RecordError => new RecordError(reason, message);
