/** The npm packages of package-lock.json, and the project compiled with them. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMPILED_PROJECTS, COMPILER, markCompiled, removeOrphans } from "./compiled.mjs";
import { logTail, PROJECT_DIRECTORY, SetupError } from "./console.mjs";
import { run } from "./program.mjs";

const MODULES = join(PROJECT_DIRECTORY, "node_modules");
const STAMP_FILE = join(MODULES, ".regatta-stamp");

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
  removeOrphans();
  const begun = new Date();
  for (const project of COMPILED_PROJECTS) {
    if (!(await run(process.execPath, [COMPILER, "-p", project], { cwd: PROJECT_DIRECTORY }))) {
      throw new SetupError("the sources do not compile.", { showLog: true, advice: ["npm run build"] });
    }
  }
  markCompiled(begun);
}
