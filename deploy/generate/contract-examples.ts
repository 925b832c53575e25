/** Records of a run, one of each shape, as they stood on their topics: `contract/examples`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DescribedRecord } from "../../shared/contract/records.js";

const EXAMPLES = fileURLToPath(new URL("../../../contract/examples/", import.meta.url));

/** The text of the record's value. */
export function exampleOf({ file }: DescribedRecord): string {
  return readFileSync(`${EXAMPLES}${file}.json`, "utf8").trimEnd();
}

/** The same with a line for each member, and one for each object in a list. */
export function wrappedExample(record: DescribedRecord): string {
  const value: Readonly<Record<string, unknown>> = JSON.parse(exampleOf(record));
  const lines = Object.entries(value).map(([name, member]) => `  ${JSON.stringify(name)}: ${wrapped(member)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function wrapped(member: unknown): string {
  if (!Array.isArray(member) || typeof member[0] !== "object") return JSON.stringify(member);
  return `[\n${member.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`;
}
