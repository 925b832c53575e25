/**
 * The values in a JSON object, as the text spells them: no number goes through a double. JSON.parse judges the grammar (RFC 8259)
 * first, so what is read afterwards is known to be JSON. A member that comes twice in an object is refused anywhere in the text,
 * since readers differ in which one they take.
 */
import { RecordError } from "./errors.js";
import type { FieldValue, FieldValues } from "./field-value.js";

/** Deepest nesting of objects and lists. */
const DEPTH_MAX = 100;

const NUMBER = /-?[0-9.eE+-]+/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const BLANKS = /[ \t\r\n]*/y;

/** A field's names from the outermost object to the value; a list counts from 0. */
interface FieldPath {
  readonly path: readonly string[];
}

/** Fields as a tree of names. */
interface PathNode {
  /** Places of the fields that end here. */
  readonly places: readonly number[];
  readonly children: { get(name: string): PathNode | undefined };
}

/** A member of an object. */
export interface JsonMember {
  readonly value: FieldValue | undefined;
  /** Of a list or an object: what stands in it, in its order. */
  readonly items: FieldValues;
}

interface Reading {
  readonly text: string;
  readonly values: (FieldValue | undefined)[];
  at: number;
}

/**
 * A reader of `fields`.
 * @returns from the text of a record to their values in that order; it throws RecordError `not-an-observation` (no JSON object),
 *   `wrong-members` (a member twice) or `nesting`
 */
export function jsonFields(fields: readonly FieldPath[]): (text: string) => FieldValues {
  const root = pathTree(fields);
  return (text) => {
    refuseOtherThanObject(text);
    const reading: Reading = { text, values: new Array(fields.length).fill(undefined), at: 0 };
    readValue(reading, root, 0);
    return reading.values;
  };
}

/**
 * All members of an object by their names, in their order.
 * @throws {RecordError} as the reader that {@link jsonFields} returns
 */
export function jsonMembers(text: string): ReadonlyMap<string, JsonMember> {
  refuseOtherThanObject(text);
  const values: (FieldValue | undefined)[] = [];
  /** Of a member itself, then of what stands in it. */
  const placesOf = new Map<string, number[]>();
  const leaf = (place: number): PathNode => ({ places: [place], children: NO_CHILDREN });
  const next = (places: number[]): number => {
    const place = values.push(undefined) - 1;
    places.push(place);
    return place;
  };
  const children = (name: string): PathNode => {
    const places: number[] = [];
    placesOf.set(name, places);
    return { places: [next(places)], children: { get: () => leaf(next(places)) } };
  };
  readValue({ text, values, at: 0 }, { places: [], children: { get: children } }, 0);
  const members = [...placesOf].map(([name, places]) => {
    const [value, ...items] = places.map((place) => values[place]);
    return [name, { value, items }] as const;
  });
  return new Map(members);
}

const NO_CHILDREN: PathNode["children"] = { get: () => undefined };

interface TreeNode {
  readonly places: number[];
  readonly children: Map<string, TreeNode>;
}

function pathTree(fields: readonly FieldPath[]): TreeNode {
  const root: TreeNode = { places: [], children: new Map() };
  for (const [place, { path }] of fields.entries()) {
    let node = root;
    for (const name of path) {
      const next = node.children.get(name) ?? { places: [], children: new Map() };
      node.children.set(name, next);
      node = next;
    }
    node.places.push(place);
  }
  return root;
}

function refuseOtherThanObject(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Its message shows a part of the record.
    throw new RecordError("not-an-observation", "expected a JSON object, got a text that is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RecordError("not-an-observation", "expected a JSON object, got another JSON value");
}

/** Reads the value that follows, from the blanks before it to beyond its end. */
function readValue(reading: Reading, node: PathNode | undefined, depth: number): void {
  skip(reading, BLANKS);
  switch (reading.text[reading.at]) {
    case "{":
      keep(reading, node, { kind: "object" });
      readObject(reading, node, deeper(depth));
      break;
    case "[":
      keep(reading, node, { kind: "list" });
      readList(reading, node, deeper(depth));
      break;
    case '"': {
      const text = skip(reading, STRING);
      if (node !== undefined) keep(reading, node, { kind: "text", text: JSON.parse(text) as string });
      break;
    }
    case "t":
      readWord(reading, node, "true");
      break;
    case "f":
      readWord(reading, node, "false");
      break;
    case "n":
      reading.at += 4;
      keep(reading, node, { kind: "null" });
      break;
    default:
      keep(reading, node, { kind: "number", text: skip(reading, NUMBER) });
  }
  skip(reading, BLANKS);
}

function readObject(reading: Reading, node: PathNode | undefined, depth: number): void {
  const names = new Set<string>();
  do {
    reading.at += 1;
    skip(reading, BLANKS);
    if (reading.text[reading.at] === "}") break;
    const name = JSON.parse(skip(reading, STRING)) as string;
    if (names.has(name))
      throw new RecordError("wrong-members", "expected each member of an object once, got one twice");
    names.add(name);
    skip(reading, BLANKS);
    reading.at += 1;
    readValue(reading, node?.children.get(name), depth);
  } while (reading.text[reading.at] === ",");
  reading.at += 1;
}

function readList(reading: Reading, node: PathNode | undefined, depth: number): void {
  let index = 0;
  do {
    reading.at += 1;
    skip(reading, BLANKS);
    if (reading.text[reading.at] === "]") break;
    readValue(reading, node?.children.get(String(index)), depth);
    index += 1;
  } while (reading.text[reading.at] === ",");
  reading.at += 1;
}

function readWord(reading: Reading, node: PathNode | undefined, text: "true" | "false"): void {
  reading.at += text.length;
  keep(reading, node, { kind: "boolean", text });
}

function keep({ values }: Reading, node: PathNode | undefined, value: FieldValue): void {
  for (const place of node?.places ?? []) values[place] = value;
}

/** Moves beyond what `form` finds at the place of reading. @returns its text */
function skip(reading: Reading, form: RegExp): string {
  form.lastIndex = reading.at;
  const text = form.exec(reading.text)?.[0] ?? "";
  reading.at += text.length;
  return text;
}

function deeper(depth: number): number {
  if (depth === DEPTH_MAX)
    throw new RecordError("nesting", `expected at most ${DEPTH_MAX} objects and lists in one another`);
  return depth + 1;
}
