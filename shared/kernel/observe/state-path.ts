/**
 * Which state a URL asks for. A series may bear any name: with line ends, slashes and percent signs, `.`, `..`, or none. So the
 * path is read as the client sent it, before anybody folds its dots or splits it at its slashes.
 */

/** What is asked for; without a key, the keys of the store. */
export interface StateQuestion {
  readonly store: string;
  readonly key?: string;
}

const STATE = /^\/state\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/s;

/**
 * @param target of the request line: `/state/<store>/<key>`, or `/state/<store>?key=<key>` for clients that fold `.` and `..` themselves
 * @returns undefined where it asks for something else
 */
export function stateQuestion(target: string): StateQuestion | undefined {
  const [, store, path, query] = STATE.exec(target) ?? [];
  if (store === undefined) return undefined;
  const key = path === undefined ? new URLSearchParams(query).get("key") : decoded(path);
  return { store: decoded(store), ...(key === null ? {} : { key }) };
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
