/**
 * Runs a compiled program of the project; compiles the project first where a source has changed since it was last compiled. Plain
 * JavaScript, since it runs before anything is compiled.
 *
 *   node deploy/local/run.mjs <program in dist/> [arguments of the program]
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { COMPILED_PROJECTS, COMPILER, isCompiled, markCompiled, PROJECT, removeOrphans } from "./setup/compiled.mjs";

function compile() {
  if (!existsSync(COMPILER)) {
    process.stderr.write(
      "expected the packages in node_modules, found none: run `node deploy/local/setup.mjs` first\n",
    );
    return false;
  }
  removeOrphans();
  const begun = new Date();
  for (const project of COMPILED_PROJECTS) {
    // Standard output belongs to the program.
    const { status } = spawnSync(process.execPath, [COMPILER, "-p", project], {
      cwd: PROJECT,
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0) return false;
  }
  markCompiled(begun);
  return true;
}

if (isCompiled() || compile()) {
  const program = join(PROJECT, process.argv[2]);
  // The program finds its own path and arguments, as if node had been given them.
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
} else process.exitCode = 1;
