/** Run before a compiled command: says what to do where the project is not compiled yet. Plain JavaScript for that reason. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

if (!existsSync(fileURLToPath(new URL("../../dist/deploy/cli", import.meta.url)))) {
  process.stderr.write(
    "expected the compiled project in dist/, found none: run `node deploy/local/setup.mjs start` first\n",
  );
  process.exitCode = 1;
}
