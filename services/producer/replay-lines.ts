/**
 * From the lines of a CSV or JSON Lines file to observations. Nothing is rejected here: a line that cannot be read is forwarded
 * as it stands, and the deserializer dead-letters it with a reason.
 */
import { parse } from "csv-parse/sync";

export const replayFormats = ["csv", "jsonl"] as const;
/** Comma-separated values (RFC 4180; a record is one line, the first names the columns), or one JSON value a line. */
export type ReplayFormat = (typeof replayFormats)[number];

/** Column that holds i, where there is one. */
const STEP_COLUMN = "i";

/** Which columns of the file make an observation. */
export interface ReplayColumns {
  /** Column of y. */
  readonly target: string;
  /** Columns of x1 to xn; empty for all but the target's, the series' and `i`, in the file's order. */
  readonly features: readonly string[];
  /** Column that names the series; empty where the whole file is one series. */
  readonly series: string;
}

/** What a line holds. */
export type ReplayedLine =
  | {
      readonly kind: "observation";
      /** Undefined where no column names it. */
      readonly series: string | undefined;
      /** Text of i; undefined where no column holds it. */
      readonly i: string | undefined;
      /** Texts of y, x1, ..., xn. */
      readonly numbers: readonly string[];
    }
  | { readonly kind: "as-it-stands" };

/** How the lines of one file are read. */
export interface LineReader {
  /** Whether the first line names columns and holds no observation. */
  readonly headed: boolean;
  /** Reads lines, each by itself. */
  read(lines: readonly string[]): readonly ReplayedLine[];
}

const asItStands: ReplayedLine = { kind: "as-it-stands" };

/**
 * How to read a file whose first line is `firstLine`. A JSON line may be
 *   a list, which is forwarded as it stands;
 *   an object with a list `x`, whose other members are the columns' (an observation of ours, for example);
 *   an object of the members that the columns name. The first such line gives the order of the features.
 * @throws {RangeError} the file has no column of a name that is asked for, or several
 */
export function lineReader(format: ReplayFormat, firstLine: string, columns: ReplayColumns): LineReader {
  return format === "csv" ? csvReader(firstLine, columns) : jsonReader(firstLine, columns);
}

function csvReader(firstLine: string, columns: ReplayColumns): LineReader {
  const names = csvRows([firstLine])[0] ?? [];
  const features = featuresOf(names, columns);
  const [target, ...positions] = [columns.target, ...features].map((name) => names.indexOf(name));
  const series = names.indexOf(columns.series);
  const step = names.indexOf(STEP_COLUMN);
  return {
    headed: true,
    read: (lines) =>
      csvRows(lines).map((cells) => {
        if (cells?.length !== names.length) return asItStands;
        return {
          kind: "observation",
          series: columns.series === "" ? undefined : cells[series],
          i: step === -1 ? undefined : numberText(cells[step]),
          numbers: [target, ...positions].map((position) => numberText(cells[position])),
        };
      }),
  };
}

function jsonReader(firstLine: string, columns: ReplayColumns): LineReader {
  const first = jsonObject(firstLine);
  const features = first === undefined || Array.isArray(first.x) ? [] : featuresOf(Object.keys(first), columns);
  return {
    headed: false,
    read: (lines) =>
      lines.map((line) => {
        const value = jsonObject(line);
        if (value === undefined) return asItStands;
        const x = Array.isArray(value.x) ? value.x : features.map((name) => value[name]);
        const series = columns.series === "" ? undefined : value[columns.series];
        if (columns.series !== "" && typeof series !== "string" && typeof series !== "number") return asItStands;
        if (typeof series === "string" && !series.isWellFormed()) return asItStands;
        return {
          kind: "observation",
          series: series === undefined ? undefined : String(series),
          i: value[STEP_COLUMN] === undefined ? undefined : jsonText(value[STEP_COLUMN]),
          numbers: [value[columns.target], ...x].map(jsonText),
        };
      }),
  };
}

/** The columns of x1 to xn among `names`. */
function featuresOf(names: readonly string[], columns: ReplayColumns): readonly string[] {
  const { target, series, features } = columns;
  const asked = [target, ...features, ...(series === "" ? [] : [series])];
  const unclear = asked.filter((name) => names.filter((other) => other === name).length !== 1);
  if (unclear.length > 0) {
    throw new RangeError(`expected one column ${unclear.join(", one column ")}, got the columns ${names.join(", ")}`);
  }
  if (features.length > 0) return features;
  return names.filter((name) => name !== target && name !== series && name !== STEP_COLUMN);
}

/** The cells of each line; undefined for a line that is no CSV. */
function csvRows(lines: readonly string[]): readonly (readonly string[] | undefined)[] {
  const rows = parsedRows(lines.join("\n"));
  // One faulty line makes the whole text faulty, and a quoted line end makes one row of two lines: then each line is read alone.
  return rows?.length === lines.length ? rows : lines.map((line) => parsedRows(line)?.[0]);
}

function parsedRows(text: string): string[][] | undefined {
  try {
    return parse(text, { record_delimiter: "\n", relax_column_count: true, trim: true });
  } catch {
    // Not CSV: the deserializer decides what becomes of the line.
    return undefined;
  }
}

function jsonObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    // As above.
    return undefined;
  }
}

/** A cell as it stands where it may be a number, else as a JSON text, so that a comma in it does not make two numbers. */
function numberText(cell: string): string {
  return /^[-+.\w]+$/.test(cell) ? cell : JSON.stringify(cell);
}

function jsonText(value: unknown): string {
  return Object.is(value, -0) ? "-0" : (JSON.stringify(value) ?? "null");
}
