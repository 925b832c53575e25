/**
 * A schema registry in memory with as much of Confluent's API as the services use; test/contract/schema-registry.test.ts holds it to
 * what a real one does. It can be away, and ask for a user.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import avro from "avsc";

interface Kept {
  readonly id: number;
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly object[];
}

/** What a question may bring. */
interface Given {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly object[];
  readonly compatibility?: string;
}

/** A certificate and its key as PKCS 12. */
interface KeyStore {
  readonly pfx: Buffer;
  readonly passphrase: string;
}

interface Subject {
  readonly versions: Kept[];
  compatibility: string | undefined;
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class MemoryRegistry {
  /** While it is set, every question is answered by this status, or those whose path fits. */
  failing: number | undefined;
  failingPath = /./;
  /** `<user>:<password>` that is asked for; undefined for none. */
  user: string | undefined;
  /** Questions so far, `<method> <path>`. */
  readonly asked: string[] = [];
  readonly #subjects = new Map<string, Subject>();
  readonly #schemas: Kept[] = [];
  readonly #server: Server;
  readonly #scheme: "http" | "https";
  #port = 0;

  private constructor(tls: KeyStore | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response);
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.#scheme = tls === undefined ? "http" : "https";
  }

  /** @param tls undefined: without TLS */
  static async start(tls?: KeyStore): Promise<MemoryRegistry> {
    const registry = new MemoryRegistry(tls);
    await registry.listen();
    return registry;
  }

  /** Comes (back) to the port that it had, if any, with what it had. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** Nobody listens any more; nothing is forgotten. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const { method = "", url = "" } = request;
    this.asked.push(`${method} ${url}`);
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" });
      response.end(JSON.stringify(body));
    };
    const expected = this.user && `Basic ${Buffer.from(this.user).toString("base64")}`;
    if (this.failing !== undefined && this.failingPath.test(url)) reply(this.failing, {});
    else if (expected !== undefined && request.headers.authorization !== expected) reply(401, {});
    else {
      try {
        reply(
          200,
          this.#of(
            method,
            url.split("?")[0].split("/").slice(1).map(decodeURIComponent),
            text === "" ? {} : JSON.parse(text),
          ),
        );
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        reply(error.status, { error_code: error.status === 404 ? 40_403 : error.status, message: error.message });
      }
    }
  }

  #of(method: string, path: readonly string[], body: Given): unknown {
    const [kind, name, more, version] = path;
    if (kind === "schemas") {
      const kept = this.#schemas.find(({ id }) => id === Number(more));
      if (kept === undefined) return notFound(`schema ${more}`);
      const { id: _, ...shown } = kept;
      return shown;
    }
    const subject = this.#subjects.get(name);
    if (kind === "config" && method === "PUT") {
      const configured = subject ?? notFound(name);
      configured.compatibility = body.compatibility;
      return body;
    }
    if (kind === "config") return { compatibilityLevel: subject?.compatibility ?? notFound(name) };
    const { schema, schemaType = "AVRO", references = [] } = body;
    const given = { schema, schemaType, references };
    if (more === undefined) return (subject && findIn(subject.versions, given)) ?? notFound(name);
    if (method === "GET" && version === undefined) return subject?.versions.map((_, k) => k + 1) ?? notFound(name);
    if (method === "GET") return subject?.versions[Number(version) - 1] ?? notFound(`${name} ${version}`);
    return { id: this.#register(name, given) };
  }

  #register(name: string, given: Omit<Kept, "id">): number {
    if (given.schemaType === "AVRO" && given.references.length === 0) avroType(given.schema);
    const subject = this.#subjects.get(name) ?? { versions: [], compatibility: undefined };
    const known = findIn(subject.versions, given);
    if (known !== undefined) return known.id;
    for (const before of subject.versions) {
      if (subject.compatibility !== undefined && breaks(before, given, subject.compatibility))
        throw new Refusal(409, `Schema being registered is incompatible with an earlier schema for subject ${name}`);
    }
    const id = findIn(this.#schemas, given)?.id ?? this.#schemas.length + 1;
    const kept = { id, ...given };
    if (id > this.#schemas.length) this.#schemas.push(kept);
    subject.versions.push(kept);
    this.#subjects.set(name, subject);
    return id;
  }
}

const findIn = (schemas: readonly Kept[], { schema, schemaType }: Omit<Kept, "id">): Kept | undefined =>
  schemas.find(
    (kept) => kept.schemaType === schemaType && JSON.stringify(parsed(kept.schema)) === JSON.stringify(parsed(schema)),
  );

function parsed(schema: string): unknown {
  try {
    return JSON.parse(schema);
  } catch {
    // A schema of Protobuf.
    return schema;
  }
}

/** Of Avro as its own rules have it; a JSON Schema breaks by any change. */
function breaks(before: Kept, after: Omit<Kept, "id">, compatibility: string): boolean {
  if (compatibility === "NONE") return false;
  if (before.schemaType !== after.schemaType || before.schemaType !== "AVRO") return true;
  const [old, young] = [avroType(before.schema), avroType(after.schema)];
  const forward = canRead(old, young);
  return compatibility.startsWith("FULL") ? !forward || !canRead(young, old) : !forward;
}

function canRead(reader: avro.Type, writer: avro.Type): boolean {
  try {
    reader.createResolver(writer);
    return true;
  } catch {
    return false;
  }
}

function avroType(schema: string): avro.Type {
  try {
    return avro.Type.forSchema(JSON.parse(schema));
  } catch (error) {
    throw new Refusal(422, `Invalid schema: ${error}`);
  }
}

function notFound(what: string): never {
  throw new Refusal(404, `${what} not found`);
}
