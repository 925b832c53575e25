/** The npm packages of package-lock.json, and the project compiled with them. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { logTail, PROJECT_DIRECTORY, SetupError } from "./console.mjs";
import { run } from "./program.mjs";

const MODULES = join(PROJECT_DIRECTORY, "node_modules");
const STAMP_FILE = join(MODULES, ".regatta-stamp");
const OUTPUT = join(PROJECT_DIRECTORY, "dist");

/** Text that changes whenever other packages are wanted. */
function wantedStamp() {
  return createHash("sha256")
    .update(readFileSync(join(PROJECT_DIRECTORY, "package-lock.json")))
    .digest("hex");
}

/** Whether node_modules is what package-lock.json asks for. */
export function packagesAreInstalled() {
  return existsSync(STAMP_FILE) && readFileSync(STAMP_FILE, "utf8") === wantedStamp();
}

/**
 * Installs the packages; no install script runs, so what needs one is a step of its own.
 * @throws {SetupError} npm could not
 */
export async function installNpmPackages() {
  rmSync(STAMP_FILE, { force: true });
  if (!(await run("npm", ["ci", "--ignore-scripts"], { cwd: PROJECT_DIRECTORY }))) {
    const offline = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/.test(logTail());
    throw new SetupError(offline ? "npm could not reach its registry. Check with:" : "npm ci failed. Try it by hand:", {
      showLog: true,
      advice: offline ? ["npm ping", "npm config set https-proxy <url>    (where there is a proxy)"] : ["npm ci"],
    });
  }
  writeFileSync(STAMP_FILE, wantedStamp());
}

/**
 * Compiles the project to dist/; TypeScript itself skips what has not changed.
 * @throws {SetupError} the sources have faults
 */
export async function compile() {
  removeOrphans(OUTPUT);
  const compiler = join(MODULES, "typescript", "bin", "tsc");
  if (!(await run(process.execPath, [compiler, "-p", "tsconfig.json"], { cwd: PROJECT_DIRECTORY }))) {
    throw new SetupError("the sources do not compile.", { showLog: true, advice: ["npm run build"] });
  }
}

/** Removes compiled files whose source is gone: mocha would go on running the tests of a file that was renamed. */
function removeOrphans(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeOrphans(path);
    else {
      const compiled = /^(.*)\.js(\.map)?$/.exec(relative(OUTPUT, path));
      if (compiled !== null && !existsSync(join(PROJECT_DIRECTORY, `${compiled[1]}.ts`))) rmSync(path);
    }
  }
}
