/**
 * Which state a URL asks for. A series may bear any name: with line ends, slashes and percent signs, `.`, `..`, or none. So the
 * path is read as the client sent it, before anybody folds its dots or splits it at its slashes.
 */
import { ROWS_DEFAULT, ROWS_MAX, rowsOf } from "../../contract/state-question.js";

/** What is asked for. */
export type Asked =
  /** The keys of a store that the instance has itself. */
  | { readonly kind: "keys"; readonly store: string }
  | { readonly kind: "value"; readonly store: string; readonly key: string; readonly stale: boolean }
  | {
      readonly kind: "series";
      /** Undefined for every topic of the service. */
      readonly topic: string | undefined;
      readonly series: string;
      readonly rows: number;
      readonly stale: boolean;
    }
  /** Something that cannot be asked for so. */
  | { readonly kind: "fault"; readonly reason: string };

const STATE = /^\/state\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/s;
const QUERY = /^\/query(?:\/([^?]*))?(?:\?(.*))?$/s;
const USAGE =
  "ask for /query/<topic>/<series>, or /query?series=<series> for every topic; with rows=<number>, stale=true";

/**
 * @param target of the request line: `/state/<store>/<key>`, `/query/<topic>/<series>`; or `/state/<store>?key=<key>`,
 *   `/query?topic=<topic>&series=<series>` for clients that fold `.` and `..` themselves
 * @returns undefined where it asks for something else
 */
export function askedOf(target: string): Asked | undefined {
  const [, store, keyPath, parameters] = STATE.exec(target) ?? [];
  if (store !== undefined) {
    const query = new URLSearchParams(parameters);
    const key = keyPath === undefined ? query.get("key") : decoded(keyPath);
    return key === null
      ? { kind: "keys", store: decoded(store) }
      : { kind: "value", store: decoded(store), key, stale: query.get("stale") === "true" };
  }
  const match = QUERY.exec(target);
  return match === null ? undefined : seriesAsked(match[1], new URLSearchParams(match[2]));
}

function seriesAsked(path: string | undefined, query: URLSearchParams): Asked {
  const [topic, series] = path === undefined ? [query.get("topic"), query.get("series")] : split(decoded(path));
  if (series === null) return { kind: "fault", reason: USAGE };
  const rows = rowsOf(query.get("rows") ?? String(ROWS_DEFAULT));
  if (rows === undefined) return { kind: "fault", reason: `expected rows to be a number from 0 to ${ROWS_MAX}` };
  return { kind: "series", topic: topic ?? undefined, series, rows, stale: query.get("stale") === "true" };
}

/** A topic's name has no slash. */
function split(path: string): [string | null, string | null] {
  const slash = path.indexOf("/");
  return slash === -1 ? [null, null] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return escapes;
      }
    });
  }
}
