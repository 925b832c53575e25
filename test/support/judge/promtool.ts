/** Prometheus' own programs, as the package `prometheus` of a Linux distribution brings them. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const localDirectory = fileURLToPath(new URL("../../../../.local/bin/", import.meta.url));
const INSTALL = "apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus";
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * Path of `prometheus` or `promtool`: from .local/bin, from PATH, or after an attempt to install them where this process
 * may do so.
 * @returns undefined where they cannot be had; {@link MISSING_PROMETHEUS} tells it in words
 */
export function prometheusProgram(name: "prometheus" | "promtool"): string | undefined {
  const found = find(name);
  if (found !== undefined || process.getuid?.() !== 0 || find("apt-get") === undefined) return found;
  // Files of tests run side by side, and of two calls of apt-get the second fails at once.
  spawnSync("flock", [join(tmpdir(), "regatta-apt.lock"), "sh", "-c", INSTALL], {
    stdio: "ignore",
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return find(name);
}

export const MISSING_PROMETHEUS =
  "Skipped: neither .local/bin nor PATH has prometheus and promtool, and they could not be installed (package prometheus)";

function find(name: string): string | undefined {
  const directories = [localDirectory, ...(process.env.PATH ?? "").split(":")];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** Promtool, and a folder for what it reads, while the tests run. */
export interface PromtoolStage {
  readonly program: string;
  readonly directory: string;
}

/**
 * A stage for the tests of the `describe` block that this is called in: its hooks are the first of the block. Where there is no
 * promtool the tests are skipped.
 * @param prefix of the folder's name
 */
export function promtoolStage(prefix: string): PromtoolStage {
  const stage = { program: "", directory: "" };
  before(function () {
    const found = prometheusProgram("promtool");
    if (found === undefined) {
      console.log(`    ${MISSING_PROMETHEUS}.`);
      this.skip();
    }
    stage.program = found;
    stage.directory = mkdtempSync(join(tmpdir(), prefix));
  });
  after(() => {
    if (stage.directory !== "") rmSync(stage.directory, { recursive: true, force: true });
  });
  return stage;
}

/** Runs promtool. @throws {Error} it failed, with what it said */
export function promtool(program: string, args: readonly string[], directory: string): string {
  return execFileSync(program, args, { cwd: directory, encoding: "utf8", stdio: "pipe", timeout: 60_000 });
}
