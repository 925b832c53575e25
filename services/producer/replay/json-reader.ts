/** From lines of JSON to observations' texts. */
import type { JsonMember } from "../../../shared/json-fields.js";
import { lineEnd, lineScan, type RawRow, type RawRows, ROW_BYTES_MAX } from "./csv-rows.js";
import type { FileRow } from "./file-row.js";
import { jsonCell, jsonLine, listItems, scalarText } from "./json-row.js";
import { featuresOf, type ReplayColumns, STEP_COLUMN } from "./replay-columns.js";
import {
  ENCODING_NAMES,
  type FileForm,
  faultRow,
  isRefusal,
  notText,
  numberOf,
  numbersOf,
  type RowReader,
  refused,
  timeOf,
} from "./row-reader.js";
import { decoded, type FileEncoding } from "./text-encoding.js";

const FAULTS = {
  "not-json": "expected a JSON object or list",
  "repeated-member": "expected members of different names, got one twice",
  nesting: "expected fewer objects and lists in one another",
} as const;

/**
 * A JSON line may be
 *   a list, which is forwarded as it stands;
 *   an object with a list `x`, whose other members are the columns' (an observation of ours, for example);
 *   an object of the members that the columns name. The first object gives the order of the features.
 * @param told of which the encoding is the file's, and that of cells is none: they are texts already
 */
export function jsonReader(
  head: Buffer,
  columns: ReplayColumns,
  encoding: FileEncoding,
  told: Pick<FileForm, "timeUnit" | "missing">,
): RowReader {
  const form: FileForm = { ...told, decimal: ".", encoding: "latin1" };
  const features = jsonFeatures(head, columns, encoding);

  function row({ cells, fault }: RawRow): FileRow | undefined {
    const bytes = cells?.[0] ?? "";
    if (fault !== undefined) return faultRow({ fault });
    if (bytes.trim() === "") return undefined;
    const text = decoded(bytes, encoding);
    if (text === undefined) return notText(encoding);
    const line = jsonLine(text);
    switch (line.kind) {
      case "fault":
        return refused(line.reason, FAULTS[line.reason]);
      case "list":
        if (columns.series !== "") return refused("no-series", `expected a member ${columns.series}, got a list`);
        if (columns.time !== "") return refused("not-a-time", `expected a member ${columns.time}, got a list`);
        return { kind: "list", text: line.text };
      case "object":
        return objectRow(line.members);
    }
  }

  function objectRow(members: ReadonlyMap<string, JsonMember>): FileRow {
    let series: string | undefined;
    if (columns.series !== "") {
      series = scalarText(members.get(columns.series)?.value);
      if (series === undefined) return refused("no-series", `expected a text or number as ${columns.series}`);
      if (!series.isWellFormed()) return refused("not-text", `expected Unicode as ${columns.series}`);
    }
    const cellOf = (name: string) => jsonCell(members.get(name)?.value);
    const items = listItems(members.get("x"));
    const read = [columns.target, ...(items === undefined ? features : items.map((_, index) => `x${index + 1}`))];
    const cells = [cellOf(columns.target), ...(items?.map(jsonCell) ?? features.map(cellOf))];
    const numbers = numbersOf(read, (index) => cells[index], form);
    if (isRefusal(numbers)) return numbers;
    const timestamp = columns.time === "" ? undefined : timeOf(columns.time, cellOf(columns.time), form);
    if (typeof timestamp === "object") return timestamp;
    if (!members.has(STEP_COLUMN)) return { kind: "row", series, i: undefined, timestamp, numbers };
    const i = numberOf(STEP_COLUMN, cellOf(STEP_COLUMN), form);
    return typeof i === "string" ? { kind: "row", series, i, timestamp, numbers } : i;
  }

  return {
    detected: `JSON Lines, ${ENCODING_NAMES[encoding]}: y is ${columns.target}${features.length > 0 ? `, x ${features.join(", ")}` : ""}`,
    features,
    begin: 0,
    split: jsonLines,
    scan: lineScan,
    row,
  };
}

/** The features that the first object of the head has; none where it has a list `x`, or where there is no object. */
function jsonFeatures(head: Buffer, columns: ReplayColumns, encoding: FileEncoding): readonly string[] {
  for (const bytes of head.toString("latin1").split("\n")) {
    const text = decoded(bytes.trim(), encoding);
    const line = text === undefined ? undefined : jsonLine(text);
    if (line?.kind !== "object") continue;
    if (listItems(line.members.get("x")) !== undefined) return [];
    return featuresOf([...line.members.keys()], columns);
  }
  return columns.features;
}

/** The lines of a block, each as one cell. */
function jsonLines(block: Buffer, atEnd: boolean): RawRows {
  const rows: RawRow[] = [];
  let at = 0;
  while (at < block.length) {
    const end = lineEnd(block, at);
    if (end === undefined && !atEnd) {
      if (block.length - at <= ROW_BYTES_MAX) break;
      rows.push({ start: at, end: block.length, fault: "too-long" });
      return { rows, rest: block.length, cut: true };
    }
    const next = end ?? block.length;
    if (next - at > ROW_BYTES_MAX) rows.push({ start: at, end: next, fault: "too-long" });
    else rows.push({ start: at, end: next, cells: [block.toString("latin1", at, next)] });
    at = next;
  }
  return { rows, rest: at, cut: false };
}
