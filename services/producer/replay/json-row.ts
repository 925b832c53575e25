/** The members of a line of JSON as the file spells them: no number goes through a double. */

/** One JSON value: its text. */
type Source = string;

export type JsonLine =
  | { readonly kind: "list"; readonly text: Source }
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, Source> }
  | { readonly kind: "fault"; readonly reason: "not-json" | "repeated-member" };

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/y;

/** Reads a list, or an object whose members have different names. */
export function jsonLine(line: string): JsonLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The caller refuses the line with its number.
    return { kind: "fault", reason: "not-json" };
  }
  if (Array.isArray(value)) return { kind: "list", text: line.trim() };
  if (typeof value !== "object" || value === null) return { kind: "fault", reason: "not-json" };
  const members = new Map<string, Source>();
  for (const { name, source } of membersOf(line)) {
    if (members.has(name)) return { kind: "fault", reason: "repeated-member" };
    members.set(name, source);
  }
  return { kind: "object", members };
}

/** The members of an object that is known to be JSON. */
function* membersOf(text: string): Iterable<{ name: string; source: Source }> {
  let depth = 0;
  let name: string | undefined;
  let begin = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const token = match[1];
    const at = TOKEN.lastIndex - token.length;
    const closes = token === "}" || token === "]";
    if (depth === 1 && name !== undefined && (token === "," || closes)) {
      yield { name, source: text.slice(begin, at).trim() };
      name = undefined;
    } else if (depth === 1 && name === undefined && token.startsWith('"')) {
      name = String(JSON.parse(token));
    } else if (depth === 1 && token === ":") begin = TOKEN.lastIndex;
    if (token === "{" || token === "[") depth += 1;
    else if (closes) depth -= 1;
  }
}

/** The texts of a flat list; undefined where it is none. */
export function listItems(source: Source): readonly Source[] | undefined {
  const inner = /^\[([^[\]{}"]*)\]$/.exec(source)?.[1];
  if (inner === undefined) return undefined;
  return inner.trim() === "" ? [] : inner.split(",").map((item) => item.trim());
}

/** The text of a string or a number as a cell; undefined for other values. */
export function scalarText(source: Source | undefined): string | undefined {
  if (source === undefined) return undefined;
  if (source.startsWith('"')) return String(JSON.parse(source));
  return /^[-\d]/.test(source) ? source : undefined;
}
