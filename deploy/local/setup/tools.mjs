/** Which programs must be there before anything starts, and the commands that install the missing ones. */
import { SetupError } from "./console.mjs";
import { ask, isInstalled, run } from "./program.mjs";

const NODE_MINIMUM = [20, 19];
const JAVA_MINIMUM = 17;

/**
 * @param {{ java: boolean, maven: boolean }} needs what this run will use besides Node.js and npm
 * @throws {SetupError} naming everything that is missing at once
 */
export async function checkTools(needs) {
  const faults = [];
  const packages = [];
  const advice = [];
  if (!nodeSuffices()) {
    faults.push(`Node.js ${NODE_MINIMUM.join(".")} or newer is needed; this is ${process.versions.node}`);
    advice.push(`${asRoot()}npm install --global n && ${asRoot()}n 22    (then open a new shell)`);
  }
  if (!isInstalled("npm")) {
    faults.push("npm is needed; PATH has none");
    packages.push("npm");
  }
  if (needs.java) {
    const version = await javaVersion();
    if (version === undefined || version < JAVA_MINIMUM) {
      const found = version === undefined ? "PATH has none" : `PATH has Java ${version}`;
      faults.push(`Java ${JAVA_MINIMUM} or newer is needed to run Kafka; ${found}`);
      packages.push("default-jre-headless");
    }
  }
  if (needs.maven && !isInstalled("mvn")) {
    faults.push("Maven is needed to fetch Kafka; PATH has no mvn");
    packages.push("maven");
  }
  if (faults.length === 0) return;
  if (packages.length > 0) advice.unshift(installCommand(packages));
  throw new SetupError(`${faults.join("; ")}. Install with:`, { advice });
}

function nodeSuffices() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
}

async function javaVersion() {
  const { ok, text } = await ask("java", ["-version"]);
  const match = ok ? /version "(\d+)(?:\.(\d+))?/.exec(text) : null;
  if (match === null) return undefined;
  // Java 8 calls itself 1.8.
  return Number(match[1] === "1" ? match[2] : match[1]);
}

/**
 * What goes before a command that needs root: nothing for root itself, else `sudo `.
 * @returns {string}
 */
export function asRoot() {
  return process.getuid?.() === 0 ? "" : "sudo ";
}

/** The shell command that installs Debian packages, for a person to copy. */
export function installCommand(packages) {
  const prefix = asRoot();
  return `${prefix}apt-get update && ${prefix}apt-get install --yes ${packages.join(" ")}`;
}

/** Which of these Debian packages are not installed; none where there is no dpkg to ask. */
export async function missingPackages(packages) {
  if (!isInstalled("dpkg-query")) return [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = "--showformat=${db:Status-Status} ${Package}\\n";
  const { text } = await ask("dpkg-query", ["--show", format, ...packages]);
  const lines = new Set(text.split("\n"));
  return packages.filter((name) => !lines.has(`installed ${name}`));
}

/** Whether packages can be installed without asking anybody: as root, or by a sudo that wants no password. */
export async function canInstallPackages() {
  if (!isInstalled("apt-get")) return false;
  if (process.getuid?.() === 0) return true;
  return isInstalled("sudo") && (await ask("sudo", ["-n", "true"])).ok;
}

/**
 * Installs Debian packages.
 * @throws {SetupError} apt-get could not
 */
export async function installPackages(packages) {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=2"];
  const aptGet = (...args) => {
    const [command, ...rest] = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...options, ...args];
    return run(command, rest);
  };
  // Its outcome is not looked at: one unreachable source among several fails it, and the packages may be had all the same.
  await aptGet("update");
  if (!(await aptGet("install", "--yes", "--no-install-recommends", ...packages))) {
    throw new SetupError("apt-get could not install the packages that the native client is built with. Try by hand:", {
      showLog: true,
      advice: [installCommand(packages)],
    });
  }
}
