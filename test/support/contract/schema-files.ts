/** The JSON Schemas that the project gives to others: today's, and those of every released version. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import type { JsonSchema } from "../../../shared/contract/json-schema.js";
import { root } from "../structure/imports.js";

const TODAY = posix.join(root, "contract");
const RELEASED = posix.join(TODAY, "released");

/** Schemas by the names of their files. */
export type Schemas = ReadonlyMap<string, JsonSchema>;

export function todaysSchemas(): Schemas {
  return schemasOf(TODAY);
}

/** @returns the last released version and its schemas */
export function releasedSchemas(): { readonly version: string; readonly schemas: Schemas } {
  const versions = readdirSync(RELEASED).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const version = versions.at(-1);
  if (version === undefined) throw new Error(`expected the schemas of a released version in ${RELEASED}`);
  return { version, schemas: schemasOf(posix.join(RELEASED, version)) };
}

/** A record of a run of each shape, as text, by the names of the schemas' files. */
export function exampleRecords(): ReadonlyMap<string, string> {
  const folder = posix.join(TODAY, "examples");
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(posix.join(folder, name), "utf8").trimEnd()]));
}

function schemasOf(folder: string): Schemas {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(posix.join(folder, name), "utf8"))]));
}
