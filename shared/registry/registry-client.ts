/**
 * A client of a schema registry with Confluent's API, which Apicurio, Karapace and Redpanda have too: a handful of calls. Confluent's own
 * package brings 281 others (171 MiB) with it, for keys in three clouds, and encodes asynchronously, which process() may not.
 */
import { z } from "zod";
import { AwayError, SchemaError } from "../errors.js";
import { askRegistry, type RegistryAccess, type RegistryAnswer } from "./registry-http.js";

const referenceSchema = z.object({ name: z.string(), subject: z.string(), version: z.number().int() });
/** A schema whose names a schema uses. */
export type SchemaReference = z.infer<typeof referenceSchema>;

const storedSchema = z.object({
  schema: z.string(),
  /** A registry leaves it out where it is Avro. */
  schemaType: z.string().default("AVRO"),
  references: z
    .array(referenceSchema)
    .nullish()
    .transform((references) => references ?? []),
});
/** A schema as a registry keeps it; `schemaType` is AVRO, JSON, PROTOBUF, or what later registries may have. */
export type StoredSchema = z.infer<typeof storedSchema>;

/** It goes before each value, in 4 bytes. */
const idSchema = z.object({ id: z.int32().positive() });
const configSchema = z.object({ compatibilityLevel: z.string() });
const refusalSchema = z.object({ message: z.string() });

/** What changes of a subject's schema a registry lets in. */
export type Compatibility = "FORWARD_TRANSITIVE" | "FULL_TRANSITIVE";

/** Every call throws AwayError while the registry does not answer as one does, and SchemaError where it refuses what is asked. */
export class RegistryClient {
  readonly #access: RegistryAccess;

  constructor(access: RegistryAccess) {
    this.#access = access;
  }

  /** The id of a schema that is registered under a subject; undefined where it is not. */
  async lookUp(subject: string, { schema, schemaType }: Omit<StoredSchema, "references">): Promise<number | undefined> {
    const answer = await this.#ask("POST", subjectPath(subject), { schema, schemaType });
    return answer.status === 404 ? undefined : this.#read(idSchema, answer, subject).id;
  }

  /**
   * Registers a schema under a subject. @returns its id, which is the same where it is registered already
   * @throws {SchemaError} it breaks what the subject's rule promises, or the registry does not take it at all
   */
  async register(subject: string, { schema, schemaType }: Omit<StoredSchema, "references">): Promise<number> {
    const answer = await this.#ask("POST", `${subjectPath(subject)}/versions`, { schema, schemaType });
    return this.#read(idSchema, answer, subject).id;
  }

  /** Whether anything was registered under a subject. */
  async has(subject: string): Promise<boolean> {
    const answer = await this.#ask("GET", `${subjectPath(subject)}/versions`);
    if (answer.status !== 404) this.#read(z.unknown(), answer, subject);
    return answer.status !== 404;
  }

  /** The rule that a subject has of its own; undefined where it has none, which some registries call NONE. */
  async compatibility(subject: string): Promise<string | undefined> {
    const answer = await this.#ask("GET", configPath(subject));
    if (answer.status === 404) return undefined;
    const { compatibilityLevel } = this.#read(configSchema, answer, subject);
    return compatibilityLevel === "NONE" ? undefined : compatibilityLevel;
  }

  async setCompatibility(subject: string, compatibility: Compatibility): Promise<void> {
    const answer = await this.#ask("PUT", configPath(subject), { compatibility });
    this.#read(z.unknown(), answer, subject);
  }

  /** The schema of an id; undefined where there is none. */
  async schemaOf(id: number): Promise<StoredSchema | undefined> {
    const answer = await this.#ask("GET", `/schemas/ids/${id}`);
    return answer.status === 404 ? undefined : this.#read(storedSchema, answer, `schema ${id}`);
  }

  /** The schema that another one refers to. */
  async referredBy({ subject, version }: SchemaReference): Promise<StoredSchema> {
    const answer = await this.#ask("GET", `${subjectPath(subject)}/versions/${version}`);
    return this.#read(storedSchema, answer, `version ${version} of ${subject}`);
  }

  #ask(method: "GET" | "POST" | "PUT", path: string, body?: object): Promise<RegistryAnswer> {
    return askRegistry(this.#access, method, path, body);
  }

  #read<T>(schema: z.ZodType<T>, { status, body }: RegistryAnswer, what: string): T {
    const refusal = refusalSchema.safeParse(body);
    if (status !== 200)
      throw new SchemaError(
        `the schema registry refuses ${what} (${status}): ${refusal.success ? refusal.data.message : "it does not say why"}`,
      );
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new AwayError(`waiting for the schema registry: its answer for ${what} is another than Confluent's API has`);
  }
}

/** Names of topics need no escaping, those of other subjects may. */
const subjectPath = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;
const configPath = (subject: string): string => `/config/${encodeURIComponent(subject)}`;
