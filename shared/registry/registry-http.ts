/** Questions to a schema registry over HTTP: bounded in time and size, asked at each of its addresses until one answers. */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { AwayError, messageOf } from "../errors.js";
import type { RegistrySettings } from "../registry-settings.js";

/** The longest that one address may take, in ms. */
const ANSWER_MS = 5000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
/** Answers of a registry to a question that was understood. */
const UNDERSTOOD: ReadonlySet<number> = new Set([200, 400, 404, 409, 422]);
/** Codes of Confluent's API for what is not there: a path that is not there is a wrong address. */
const NOT_THERE = { min: 40_400, max: 40_499 } as const;

export interface RegistryAnswer {
  readonly status: number;
  readonly body: unknown;
}

export type RegistryAccess = Pick<
  RegistrySettings,
  "registryUrl" | "registryAuth" | "registryCa" | "registryCert" | "registryKey"
>;

/**
 * Asks one question.
 * @param path below the address, beginning with a slash
 * @throws {AwayError} no address gives an answer; it tells of each why
 */
export async function askRegistry(
  access: RegistryAccess,
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: object,
): Promise<RegistryAnswer> {
  const failures: string[] = [];
  for (const base of access.registryUrl) {
    const url = new URL(base.replace(/\/*$/, "") + path);
    try {
      const { status, text } = await exchange(access, method, url, body);
      const answer = { status, body: jsonIn(text) };
      if (isOfRegistry(answer)) return answer;
      failures.push(`${base} answered ${status}${reasonOf(status)}`);
    } catch (error) {
      failures.push(`${base}: ${messageOf(error)}`);
    }
  }
  throw new AwayError(`waiting for the schema registry: ${failures.join("; ")}`);
}

/** Undefined where the text is no JSON, as a page of an error may be. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever asked says what was expected.
    return undefined;
  }
}

/** Whether a registry answers, and not something that stands before it: a page of an error has no code of the API. */
function isOfRegistry({ status, body }: RegistryAnswer): boolean {
  if (!UNDERSTOOD.has(status) || typeof body !== "object" || body === null) return false;
  if (status === 200) return true;
  const code = "error_code" in body ? body.error_code : undefined;
  if (typeof code !== "number") return false;
  return status !== 404 || (code >= NOT_THERE.min && code <= NOT_THERE.max);
}

function reasonOf(status: number): string {
  if (UNDERSTOOD.has(status)) return " in other words than a schema registry's: is its path in SCHEMA_REGISTRY_URL?";
  if (status === 401) return ", it does not know the user: see SCHEMA_REGISTRY_AUTH_FILE";
  return status === 403 ? ", the user lacks the right" : "";
}

function exchange(
  { registryAuth, registryCa, registryCert, registryKey }: RegistryAccess,
  method: string,
  url: URL,
  body: object | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const options = {
    method,
    headers: {
      accept: `${MEDIA_TYPE}, application/json`,
      ...(sent && { "content-type": MEDIA_TYPE, "content-length": sent.length }),
      ...(registryAuth !== undefined && { authorization: `Basic ${Buffer.from(registryAuth).toString("base64")}` }),
    },
    signal: AbortSignal.timeout(ANSWER_MS),
    // One connection for each question: there are few, and none is left open for months.
    agent: false,
    ca: registryCa,
    cert: registryCert,
    key: registryKey,
  } as const;
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? requestHttps(url, options) : requestHttp(url, options);
    request.on("error", (error) => reject(isTimeout(error) ? new Error(`no answer within ${ANSWER_MS} ms`) : error));
    // A connection that ends, or becomes one of another protocol, without an answer is no error to the client.
    let isAnswered = false;
    request.on("close", () => {
      if (!isAnswered) reject(new Error("the connection ended without an answer"));
    });
    request.on("response", (response) => {
      isAnswered = true;
      textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    request.end(sent);
  });
}

const isTimeout = (error: Error): boolean => error.name === "AbortError" || error.name === "TimeoutError";

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
