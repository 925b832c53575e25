/** Whether dist/ is what the sources give. */
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the project's folder. */
export const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));
/** The program that compiles the project. */
export const COMPILER = join(PROJECT, "node_modules", "typescript", "bin", "tsc");
/** What it compiles, one after the other: the code that runs in Node, and that of the page, which runs in a browser. */
export const COMPILED_PROJECTS = ["tsconfig.json", join("deploy", "page", "browser", "tsconfig.json")];

const OUTPUT = join(PROJECT, "dist");
/** Written by the compiler, one for each of {@link COMPILED_PROJECTS}; their time is when the project was last compiled. */
const BUILD_INFOS = [".tsbuildinfo", ".tsbuildinfo-page"].map((name) => join(OUTPUT, name));
const SOURCES = [
  "services",
  "shared",
  "deploy",
  "test",
  "examples/consumers/typescript",
  "tsconfig.json",
  "package-lock.json",
];

/** Whether no source was changed, added or removed since the project was last compiled. */
export function isCompiled() {
  if (!BUILD_INFOS.every((file) => existsSync(file))) return false;
  const compiledMs = Math.min(...BUILD_INFOS.map((file) => statSync(file).mtimeMs));
  return SOURCES.every((name) => isOlder(join(PROJECT, name), compiledMs));
}

/** The time of a folder changes when a file in it is added or removed. */
function isOlder(path, compiledMs) {
  const status = statSync(path);
  if (!status.isDirectory())
    return !/\.ts$|tsconfig\.json$|package-lock\.json$/.test(path) || status.mtimeMs <= compiledMs;
  if (status.mtimeMs > compiledMs) return false;
  return readdirSync(path).every((name) => isOlder(join(path, name), compiledMs));
}

/**
 * To be called after the compiler, which leaves its own file as it is where nothing that it writes has changed.
 * @param {Date} begun when the compiler was started: a source may have been changed while it ran
 */
export function markCompiled(begun) {
  for (const file of BUILD_INFOS) utimesSync(file, begun, begun);
}

/** Removes compiled files whose source is gone: mocha would still run the tests of a file that was renamed. */
export function removeOrphans(folder = OUTPUT) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeOrphans(path);
    else {
      const compiled = /^(.*)\.js(\.map)?$/.exec(relative(OUTPUT, path));
      if (compiled !== null && !existsSync(join(PROJECT, `${compiled[1]}.ts`))) rmSync(path);
    }
  }
}
