/**
 * The native half of @confluentinc/kafka-javascript: loaded as it is, taken from an earlier build, downloaded, or built.
 * Download and build are two steps of ours. The package's own install script is one: it says nothing for two minutes,
 * and where a header is missing it fails with a compiler's words.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPAIRS, repairClientSource } from "./client-repair.mjs";
import { LOCAL_DIRECTORY, log, PROJECT_DIRECTORY, SetupError, step } from "./console.mjs";
import { ask, run } from "./program.mjs";
import { canInstallPackages, installCommand, installPackages, missingPackages } from "./tools.mjs";

const PACKAGE_NAME = "@confluentinc/kafka-javascript";
const PACKAGE = join(PROJECT_DIRECTORY, "node_modules", PACKAGE_NAME);
const KEPT = join(LOCAL_DIRECTORY, "native-client");
/** File beside a build whose source was repaired: it tells the repairs. */
const REPAIRED = "repaired";
const DOWNLOAD_TIMEOUT_MS = 90_000;
const LOAD_TIMEOUT_MS = 20_000;

/** What the build needs, as Debian calls it: a tool chain and librdkafka's libraries. */
const BUILD_PACKAGES = [
  ...["g++", "make", "python3"],
  ...["libcurl4-openssl-dev", "libssl-dev", "libsasl2-dev", "zlib1g-dev", "libzstd-dev", "liblz4-dev"],
];

/**
 * Whether a process can load the client. Tried in a child: a binary of another machine can take a process down.
 * @param {boolean} repaired whether it must be one that was built here, see client-repair.mjs
 */
export async function nativeClientLoads(repaired) {
  if (!existsSync(join(PACKAGE, "build", "Release")) || (repaired && !isRepaired())) return false;
  return (await load()).ok;
}

function isRepaired() {
  const mark = join(PACKAGE, "build", REPAIRED);
  return existsSync(mark) && readFileSync(mark, "utf8") === REPAIRS;
}

function load() {
  const options = { cwd: PROJECT_DIRECTORY, timeoutMs: LOAD_TIMEOUT_MS };
  return ask(process.execPath, ["-e", `require(${JSON.stringify(PACKAGE_NAME)})`], options);
}

/**
 * Makes the client loadable.
 * @param {boolean} repaired whether it must be one that was built here: what is downloaded is a minute sooner there, but may die
 *   or stand still when a broker restarts
 * @throws {SetupError} it can neither be downloaded nor built
 */
export async function installNativeClient(repaired) {
  if (await restoreBuild(repaired)) return;
  const downloaded = !repaired && (await downloadStep());
  if (!downloaded) {
    const missing = await missingPackages(BUILD_PACKAGES);
    if (missing.length > 0) {
      if (!(await canInstallPackages())) {
        throw new SetupError("the Kafka client must be built here, and packages for that are missing. Install with:", {
          advice: [installCommand(missing)],
        });
      }
      await step(`Debian packages: ${missing.length} to build with`, () => installPackages(missing), {
        expect: "half a minute",
      });
    }
    await step("Kafka client: build its native part", build, { expect: "2 minutes or so" });
  }
  keepBuild();
}

function downloadStep() {
  return step("Kafka client: download its native part", download, {
    expect: `at most ${DOWNLOAD_TIMEOUT_MS / 1000} s`,
    verdict: (ok) => (ok ? "" : "not to be had from here: it is built instead"),
  });
}

async function download() {
  const script = join(PROJECT_DIRECTORY, "node_modules", "@mapbox", "node-pre-gyp", "bin", "node-pre-gyp");
  const fetched = await run(process.execPath, [script, "install"], { cwd: PACKAGE, timeoutMs: DOWNLOAD_TIMEOUT_MS });
  return fetched && (await nativeClientLoads(false));
}

async function build() {
  repairClientSource(PACKAGE);
  const args = ["rebuild", PACKAGE_NAME, "--foreground-scripts"];
  const built = await run("npm", args, { cwd: PROJECT_DIRECTORY, env: buildEnvironment() });
  const loaded = built ? await load() : { ok: false, text: "" };
  if (loaded.ok) return writeFileSync(join(PACKAGE, "build", REPAIRED), REPAIRS);
  log(loaded.text);
  throw new SetupError(
    built ? "the Kafka client was built, but does not load." : "the Kafka client could not be built. It needs:",
    { showLog: true, advice: built ? [] : [installCommand(BUILD_PACKAGES)] },
  );
}

/**
 * The environment to build in. JOBS and MAKEFLAGS break this build: node-gyp would run the binding's link beside
 * librdkafka's own make, before there is a library to link with. Linked dynamically it takes the system's libraries;
 * statically it would download their sources. Headers of Node.js that lie beside it are used, since they cannot be
 * downloaded everywhere.
 */
function buildEnvironment() {
  const unwanted = new Set(["jobs", "makeflags", "npm_config_jobs"]);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.has(name.toLowerCase())));
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, "include", "node", "node.h"))) env.npm_config_nodedir = prefix;
  return { ...env, CKJS_LINKING: "dynamic", npm_config_build_from_source: "true" };
}

/** A build is of use to one version of the package on one kind of Node.js and machine. */
function keptFolder(repaired) {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  const { platform, arch, versions } = process;
  return join(
    KEPT,
    [version, `node${versions.modules}`, platform, arch, ...(repaired ? [REPAIRED, REPAIRS] : [])].join("-"),
  );
}

/** Keeps what was built, so that the next `npm ci` (which empties node_modules) does not cost two minutes again. */
export function keepBuild() {
  const folder = keptFolder(isRepaired());
  if (existsSync(folder)) return;
  rmSync(KEPT, { recursive: true, force: true });
  const partial = `${folder}.partial`;
  copyLibraries(join(PACKAGE, "build"), partial);
  renameSync(partial, folder);
}

async function restoreBuild(repaired) {
  const folder = [true, repaired].map(keptFolder).find(existsSync);
  if (folder === undefined) return false;
  rmSync(join(PACKAGE, "build"), { recursive: true, force: true });
  copyLibraries(folder, join(PACKAGE, "build"));
  if (await nativeClientLoads(repaired)) return true;
  rmSync(folder, { recursive: true, force: true });
  return false;
}

/** The binding, and librdkafka where it is a library of its own; their places to one another are compiled in. */
function copyLibraries(from, to) {
  const wanted = [
    { folder: ".", pattern: new RegExp(`^${REPAIRED}$`) },
    { folder: "Release", pattern: /\.node$/ },
    { folder: "deps", pattern: /^librdkafka(\+\+)?\.so\.\d+$/ },
  ];
  for (const { folder, pattern } of wanted) {
    if (!existsSync(join(from, folder))) continue;
    mkdirSync(join(to, folder), { recursive: true });
    for (const name of readdirSync(join(from, folder))) {
      if (pattern.test(name)) cpSync(join(from, folder, name), join(to, folder, name));
    }
  }
}
