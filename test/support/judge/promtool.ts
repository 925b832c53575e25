/** Prometheus' own programs, as the package `prometheus` of a Linux distribution brings them. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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

/** Runs promtool. @throws {Error} it failed, with what it said */
export function promtool(program: string, args: readonly string[], directory: string): string {
  return execFileSync(program, args, { cwd: directory, encoding: "utf8", stdio: "pipe", timeout: 60_000 });
}
