/** What a service knows of a series as text: a line of single values, and tables of the rest. Pure. */

import { TIME_MAX_MS } from "../../shared/record-time.js";
import { printable } from "../printable.js";
import { cutToWidth } from "../text-width.js";
import { tableLines } from "./plain-table.js";
import type { SeriesAnswer } from "./series-answer.js";

/** Significant digits of a number that is no whole one; `--json` has all of them. */
const DIGITS = 6;
/** Milliseconds since 1970 that are shown as a time. */
const TIMES: ReadonlySet<string> = new Set(["asked", "time"]);

type Members = Readonly<Record<string, unknown>>;

/** @param columns longest line, undefined for lines of any length */
export function renderAnswer(answer: SeriesAnswer, columns: number | undefined): string {
  const { service, topic, series, partition, instance, stale, state, leftOut = {} } = answer;
  const lag = stale === false ? "" : `; a copy, which lags by ${stale.lagRecords ?? "an unknown number of"} records`;
  const lines = [`${service}: ${printable(series)} of ${topic}, partition ${partition}, at ${instance}${lag}`];
  for (const [store, value] of Object.entries(state)) {
    const more = leftOut[store] === undefined ? "" : `, and ${leftOut[store]} more (--rows)`;
    if (!Array.isArray(value)) lines.push("", store, ...objectLines(membersOf(value)));
    else if (value.length > 0)
      lines.push("", `${store}${isRows(value) ? ", newest first" : ""}${more}`, ...listLines(value));
  }
  const shown = lines.map(printable);
  return `${shown.map((line) => (columns === undefined ? line : cutToWidth(line, columns))).join("\n")}\n`;
}

function objectLines(members: Members): string[] {
  const named = namedList(members.models);
  const errors = errorsBeside(members, named);
  const lines = [singleValues(members).join("  ")];
  for (const [name, value] of Object.entries(members)) {
    if (!Array.isArray(value) || value.length === 0 || isTexts(value) || isNumbers(value)) continue;
    if (isRows(value)) lines.push("", `${name}, newest first`, ...rowLines(value, errors));
    else lines.push("", name, ...listLines(value, errors.length > 0 ? ["errors"] : []));
  }
  const vectors = vectorsOf(members);
  if (vectors.length > 0) lines.push("", ...vectorLines(vectors, rowLabel));
  return lines.filter((line, at) => line !== "" || at > 0);
}

/** `name value` of each single value; those of an object inside are named `object.name`. */
function singleValues(members: Members, prefix = ""): string[] {
  return Object.entries(members).flatMap(([name, value]) => {
    if (Array.isArray(value))
      return isTexts(value) && value.length > 0 ? [`${prefix}${name} ${value.map(printable)}`] : [];
    if (value !== null && typeof value === "object") return singleValues(membersOf(value), `${prefix}${name}.`);
    return [`${prefix}${name} ${cell(name, value)}`];
  });
}

/** @param without members of the objects that are shown elsewhere */
function listLines(list: readonly unknown[], without: readonly string[] = []): string[] {
  if (isRows(list)) return rowLines(list, []);
  const named = namedList(list);
  if (named.length === list.length) return namedLines(named, without);
  const objects = list.map(membersOf);
  const heads = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  return valueLines(
    heads,
    objects.map((object) => heads.map((head) => cell(head, object[head]))),
  );
}

/** Models and the like: a row of single values each, and a column of each list. */
function namedLines(list: readonly Members[], without: readonly string[]): string[] {
  const heads = [
    ...new Set(list.flatMap((object) => Object.keys(object).filter((key) => !Array.isArray(object[key])))),
  ];
  const lines = valueLines(
    heads,
    list.map((object) => heads.map((head) => cell(head, object[head]))),
  );
  const lists = [...new Set(list.flatMap((object) => Object.keys(object).filter((key) => Array.isArray(object[key]))))];
  for (const name of lists.filter((name) => !without.includes(name))) {
    const values = list.map((object) => (Array.isArray(object[name]) ? object[name] : []));
    if (values.every(isNumbers)) {
      const vectors = list.map((object, at) => ({ name: String(object.name), numbers: values[at] }));
      lines.push("", name, ...vectorLines(vectors, String));
    } else lines.push("", `${name}: ${values[0].length} rows each, with --json`);
  }
  return lines;
}

/** Errors of the models beside the rows that they are of; none where a model has refused some of them. */
function errorsBeside(
  { rows, N }: Members,
  models: readonly Members[],
): { name: string; numbers: readonly number[] }[] {
  const isBeside = ({ errors, N: scored }: Members) =>
    Array.isArray(errors) && Array.isArray(rows) && isNumbers(errors) && errors.length === rows.length && scored === N;
  if (models.length === 0 || !models.every(isBeside)) return [];
  return models.map(({ name, errors }) => ({ name: `${name} error`, numbers: errors as number[] }));
}

/** Rows [y, x1, ..., xn], with other columns after y. */
function rowLines(
  rows: readonly (readonly number[])[],
  beside: readonly { name: string; numbers: readonly number[] }[],
): string[] {
  const features = Math.max(...rows.map(({ length }) => length)) - 1;
  const heads = ["y", ...beside.map(({ name }) => name), ...Array.from({ length: features }, (_, j) => `x${j + 1}`)];
  return valueLines(
    heads,
    rows.map(([y, ...x], at) => [y, ...beside.map(({ numbers }) => numbers[at]), ...x].map((value) => cell("", value))),
  );
}

function vectorsOf(members: Members): { name: string; numbers: readonly number[] }[] {
  return Object.entries(members).flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0 && isNumbers(value) ? [{ name, numbers: value }] : [],
  );
}

function vectorLines(
  vectors: readonly { readonly name: string; readonly numbers: readonly number[] }[],
  label: (place: number) => string,
): string[] {
  const length = Math.max(...vectors.map(({ numbers }) => numbers.length));
  return valueLines(
    ["", ...vectors.map(({ name }) => name)],
    Array.from({ length }, (_, at) => [label(at), ...vectors.map(({ numbers }) => cell("", numbers[at]))]),
  );
}

const rowLabel = (place: number): string => (place === 0 ? "y" : `x${place}`);

/** Numbers stand below one another by their last digit. */
function valueLines(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return tableLines(heads.map(printable), rows, (head) => (head === "name" || head === "" ? "left" : "right"));
}

function cell(name: string, value: unknown): string {
  if (value === undefined || value === null) return "-";
  if (Array.isArray(value)) return value.map((one) => cell("", one)).join(" ");
  if (typeof value === "number" && TIMES.has(name) && Math.abs(value) <= TIME_MAX_MS)
    return new Date(value).toISOString();
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(DIGITS)));
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

const membersOf = (value: unknown): Members => (value !== null && typeof value === "object" ? (value as Members) : {});
const isTexts = (list: readonly unknown[]): list is string[] => list.every((one) => typeof one === "string");
const isNumbers = (list: readonly unknown[]): list is number[] => list.every((one) => typeof one === "number");
const isRows = (list: readonly unknown[]): list is number[][] =>
  list.length > 0 && list.every((one) => Array.isArray(one) && isNumbers(one));

function namedList(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(membersOf).filter(({ name }) => typeof name === "string") : [];
}
