/** Who may ask over HTTP. Pure. */
import { createHash, timingSafeEqual } from "node:crypto";

/** What the answers over HTTP depend on, besides what is asked. */
export interface HttpAccess {
  /** What the service listens at. */
  readonly host: string;
  /** `host:port` that others reach it by, where it was set: a name that it answers to. */
  readonly address: string | undefined;
  /** What /state and /query ask for; undefined where they ask for nothing. */
  readonly token: string | undefined;
}

export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
  readonly headers: Readonly<Record<string, string>>;
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[?::1\]?|(?:[a-z0-9-]+\.)*localhost)$/i;

/**
 * A service that listens at a loopback address answers to the loopback's names, and to the host of HTTP_ADDRESS. So no page in a browser
 * on this machine reads it under a name of its own that it lets mean 127.0.0.1 (DNS rebinding).
 * @returns undefined where it answers
 */
export function refusedHost({ host, address }: HttpAccess, asked: string | undefined): Refusal | undefined {
  if (!LOOPBACK.test(host)) return undefined;
  const name = hostOf(asked ?? "");
  if (name !== undefined && (LOOPBACK.test(name) || name === hostOf(address ?? ""))) return undefined;
  const error = `served at ${host}, for this machine alone: ask under localhost or 127.0.0.1, or set HTTP_ADDRESS to the name that it is reached by`;
  return { status: 403, error, headers: {} };
}

/** @returns undefined where the token is right, or none is asked for */
export function refusedToken({ token }: HttpAccess, authorization: string | undefined): Refusal | undefined {
  if (token === undefined) return undefined;
  const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
  if (given !== undefined && isEqual(given, token)) return undefined;
  const fault = authorization === undefined ? "asks for a token" : "the token is another one";
  return {
    status: 401,
    error: `${fault}: send the one of this service's HTTP_TOKEN_FILE, as "Authorization: Bearer <token>"`,
    headers: { "WWW-Authenticate": "Bearer" },
  };
}

/** Takes as long whatever the difference is. */
function isEqual(given: string, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** In small letters, without the port; undefined where `text` is no host. */
function hostOf(text: string): string | undefined {
  const url = `http://${text}`;
  return text !== "" && URL.canParse(url) ? new URL(url).hostname : undefined;
}
