/** The project's source files and what they import, read from their text. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOMS } from "./rooms.js";

export const root = fileURLToPath(new URL("../../../..", import.meta.url));

/** AssemblyScript: another language, compiled apart. */
const OTHER_LANGUAGE = /^(services\/ml-racer\/models|shared\/numbers)\/wasm\//;

export interface SourceFile {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  /** Paths of the project's files that it imports, types too. */
  readonly imports: readonly string[];
  /** Packages of which it imports values or types. */
  readonly packages: readonly string[];
}

/** Every source file of `folders`, those of tests only where they are asked for. */
export function sourceFiles(folders: readonly string[] = ["services", "shared", "deploy"]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(posix.join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => posix.join(folder, name))
      .filter((path) => /\.(ts|mjs)$/.test(path) && !OTHER_LANGUAGE.test(path))
      .sort()
      .map(read),
  );
}

function read(path: string): SourceFile {
  const text = readFileSync(posix.join(root, path), "utf8");
  const names = [...text.matchAll(/^(?:import|export)\b[^;"]*?\bfrom "([^"\n]+)"|\bimport\(?\s*"([^"\n]+)"/gm)].map(
    ([, declared, dynamic]) => declared ?? dynamic ?? "",
  );
  return {
    path,
    text,
    imports: names
      .filter((name) => name.startsWith("."))
      .map((name) => posix.join(posix.dirname(path), name).replace(/\.js$/, ".ts")),
    packages: names.filter((name) => !name.startsWith(".") && !name.startsWith("node:")),
  };
}

/** @returns the name of the room that the file is in, undefined where it has none */
export function roomOf(path: string): string | undefined {
  for (let name = path; name !== "."; name = posix.dirname(name)) if (name in ROOMS) return name;
  return undefined;
}

/** @returns a circle among `edges`, its first name repeated at its end; undefined where there is none */
export function circleOf(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of edges.get(name) ?? []) {
      const circle = visit(next, [...way, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of edges.keys()) {
    const circle = visit(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
