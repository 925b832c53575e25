/**
 * Compares what came out with what had to come out: missing, duplicate, reordered, different. Records are told apart within
 * a sequence (one topic, series and model) by their i and by how often that i was there before, since a raw record may repeat.
 */

/** A record as it is compared; made by {@link resultRecord} or {@link deadLetterRecord}. */
export interface ComparedRecord {
  readonly topic: string;
  readonly value: Buffer | null;
  /** Records are in order within a sequence; between sequences there is no order. */
  readonly sequence: string;
  /** Tells it from the others of its sequence. May repeat: the second of the same id is told from the first by its number. */
  readonly id: string;
}

/** A record of a topic of results: JSON with topic, series, i and perhaps model. A value that is none is known by its key. */
export function resultRecord(record: { topic: string; key: string; value: Buffer }): ComparedRecord {
  const { topic, series, model, i } = membersOf(record.value);
  const sequence = JSON.stringify([record.key, topic, series, model]);
  return { topic: record.topic, value: record.value, sequence, id: i === undefined ? "no i" : `i=${i}` };
}

/**
 * A dead letter, known by who rejected it, why, and where it came from.
 * @param value the original bytes
 */
export function deadLetterRecord(
  origin: { service: string; reason: string; topic: string; partition: number; offset: number },
  value: Buffer | null,
): ComparedRecord {
  const { service, reason, topic, partition, offset } = origin;
  return { topic: "dead-letters", value, sequence: `${service} ${topic}[${partition}]`, id: `@${offset} ${reason}` };
}

/** Kinds of fault, in the order of the report. */
export const FAULT_KINDS = ["missing", "duplicate", "reordered", "different"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** How many faults of each kind are told in full; all are counted. */
export const FAULTS_SHOWN = 5;
/** Members of a record that are shown of one fault: a dead letter may be a list of millions. */
const MEMBERS_SHOWN = 10;

/** What {@link compareRecords} found in one topic. */
export interface TopicComparison {
  readonly expected: number;
  readonly actual: number;
  readonly counts: Readonly<Record<FaultKind, number>>;
  /** The first {@link FAULTS_SHOWN} faults of each kind, in words. */
  readonly faults: Readonly<Record<FaultKind, readonly string[]>>;
}

/** What {@link compareRecords} found. Equal means four zeros in every topic. */
export interface Comparison {
  readonly equal: boolean;
  readonly topics: ReadonlyMap<string, TopicComparison>;
}

/**
 * Compares per topic and sequence:
 * - missing: expected, did not come;
 * - duplicate: came more often than expected (whatever its bytes);
 * - reordered: came, but not in its place: the fewest records that must be moved to mend the order;
 * - different: came with other bytes than expected, or nothing of its sequence and id was expected at all.
 * Topics are those of both sides: a topic that is on one side only is all missing or all different.
 * @param print is given the report; by default it goes to the standard output
 */
export function compareRecords(
  expected: readonly ComparedRecord[],
  actual: readonly ComparedRecord[],
  print: (report: string) => void = (report) => process.stdout.write(`${report}\n`),
): Comparison {
  const topics = new Map<string, TopicComparison>();
  for (const topic of [...new Set([...expected, ...actual].map((record) => record.topic))].sort()) {
    const of = (records: readonly ComparedRecord[]) => sequencesOf(records.filter((record) => record.topic === topic));
    topics.set(topic, compareTopic(of(expected), of(actual)));
  }
  const comparison = { equal: isEqual(topics), topics };
  print(comparisonReport(comparison));
  return comparison;
}

/** Whether every topic has four zeros. */
export function isEqual(topics: ReadonlyMap<string, TopicComparison>): boolean {
  return [...topics.values()].every(({ counts }) => FAULT_KINDS.every((kind) => counts[kind] === 0));
}

/** A line per topic, with its faults below it. */
export function comparisonReport({ topics }: Comparison): string {
  const lines: string[] = [];
  for (const [topic, { expected, actual, counts, faults }] of topics) {
    const found = FAULT_KINDS.map((kind) => `${kind} ${counts[kind]}`).join(", ");
    lines.push(`${topic}: ${found} (expected ${expected} records, got ${actual})`);
    for (const kind of FAULT_KINDS) {
      for (const fault of faults[kind]) lines.push(`  ${kind}: ${fault}`);
      const rest = counts[kind] - faults[kind].length;
      if (rest > 0) lines.push(`  ${kind}: and ${rest} more`);
    }
  }
  return lines.length === 0 ? "nothing expected, nothing came" : lines.join("\n");
}

/** Records in order, by id and occurrence: `i=5` and, for the second record of that i, `i=5 (2)`. */
type Sequence = ReadonlyMap<string, ComparedRecord>;

function sequencesOf(records: readonly ComparedRecord[]): Map<string, Sequence> {
  const sequences = new Map<string, Map<string, ComparedRecord>>();
  // Repeats are few, so only they are counted: a run of an hour has millions of records.
  const repeats = new Map<string, number>();
  for (const record of records) {
    const sequence = sequences.get(record.sequence) ?? new Map<string, ComparedRecord>();
    sequences.set(record.sequence, sequence);
    if (!sequence.has(record.id)) {
      sequence.set(record.id, record);
      continue;
    }
    const place = JSON.stringify([record.sequence, record.id]);
    const occurrence = (repeats.get(place) ?? 1) + 1;
    repeats.set(place, occurrence);
    sequence.set(`${record.id} (${occurrence})`, record);
  }
  return sequences;
}

function compareTopic(expected: ReadonlyMap<string, Sequence>, actual: ReadonlyMap<string, Sequence>): TopicComparison {
  const counts: Record<FaultKind, number> = { missing: 0, duplicate: 0, reordered: 0, different: 0 };
  const faults: Record<FaultKind, string[]> = { missing: [], duplicate: [], reordered: [], different: [] };
  const found = (kind: FaultKind, text: string) => {
    counts[kind]++;
    if (faults[kind].length < FAULTS_SHOWN) faults[kind].push(text);
  };
  for (const name of new Set([...expected.keys(), ...actual.keys()])) {
    compareSequence(name, expected.get(name) ?? new Map(), actual.get(name) ?? new Map(), found);
  }
  const sizeOf = (sequences: ReadonlyMap<string, Sequence>) =>
    [...sequences.values()].reduce((sum, s) => sum + s.size, 0);
  return { expected: sizeOf(expected), actual: sizeOf(actual), counts, faults };
}

function compareSequence(
  sequence: string,
  expected: Sequence,
  actual: Sequence,
  found: (kind: FaultKind, text: string) => void,
): void {
  for (const name of expected.keys()) if (!actual.has(name)) found("missing", `${sequence} ${name}`);
  const placeOf = new Map([...expected.keys()].map((name, place) => [name, place]));
  const common: string[] = [];
  for (const [name, { id, value }] of actual) {
    const wanted = expected.get(name);
    if (wanted !== undefined) {
      common.push(name);
      if (sameBytes(wanted.value, value)) continue;
      found("different", `${sequence} ${name}: ${difference(wanted.value, value)}`);
    } else if (expected.has(id)) found("duplicate", `${sequence} ${name}`);
    else found("different", `${sequence} ${name}: nothing was expected, got ${shortText(value)}`);
  }
  const places = common.map((name) => placeOf.get(name) ?? 0);
  for (const at of outOfPlace(places)) {
    const before = at === 0 ? "first" : `after ${common[at - 1]}`;
    found("reordered", `${sequence} ${common[at]} came ${before}`);
  }
}

/** Indexes of the fewest members without which `places` increases: all but those of a longest increasing subsequence. */
function outOfPlace(places: readonly number[]): number[] {
  const tails: number[] = [];
  const previous = new Array<number>(places.length);
  for (let at = 0; at < places.length; at++) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[tails[middle]] < places[at]) low = middle + 1;
      else high = middle;
    }
    previous[at] = low === 0 ? -1 : tails[low - 1];
    tails[low] = at;
  }
  const inPlace = new Set<number>();
  for (let at = tails.at(-1) ?? -1; at !== -1; at = previous[at]) inPlace.add(at);
  return [...places.keys()].filter((at) => !inPlace.has(at));
}

/** The members that differ, or the bytes where the values are no JSON objects or mean the same. */
function difference(expected: Buffer | null, actual: Buffer | null): string {
  const wanted = membersOf(expected);
  const got = membersOf(actual);
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(got)])];
  const texts = names
    .map((name) => [name, JSON.stringify(wanted[name]), JSON.stringify(got[name])])
    .filter(([, before, after]) => before !== after)
    .map(([name, before, after]) => `${name} expected ${before}, got ${after}`);
  const more = texts.length > MEMBERS_SHOWN ? `; and ${texts.length - MEMBERS_SHOWN} more` : "";
  return texts.length > 0
    ? texts.slice(0, MEMBERS_SHOWN).join("; ") + more
    : `expected ${shortText(expected)}, got ${shortText(actual)}`;
}

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function membersOf(value: Buffer | null): Record<string, unknown> {
  if (value === null) return {};
  try {
    const parsed: unknown = JSON.parse(value.toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    // Not JSON is a finding, not a failure: such a record is compared by its bytes.
    return {};
  }
}

function shortText(value: Buffer | null): string {
  if (value === null) return "null";
  const text = value.toString("utf8");
  return text.length <= 200 ? text : `${text.slice(0, 200)}... (${value.length} bytes)`;
}
