/**
 * Runs test files that mostly wait (for brokers, sessions, timeouts) side by side, each in a process of its own, and prints
 * what a file said once it has ended. At the end stands one summary of all of them, as mocha writes it.
 *
 *   node dist/test/side-by-side.js [--jobs=2] <folder, file or pattern>... [options of mocha, --long among them]
 *
 * Each file of a folder has a process of its own: such files share nothing, and have brokers and folders of their own. What a
 * pattern matches runs in one process: those files compute, and would only load the same modules again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const testDirectory = fileURLToPath(new URL(".", import.meta.url));
const MOCHA = fileURLToPath(new URL("../../node_modules/mocha/bin/mocha.js", import.meta.url));
const MOCHA_OPTIONS = ["--no-config", "--forbid-only", "--timeout", "120000"];
/** As many as there are processors: a file starts a broker and five services, which take more than one, and about 1 GB. */
const JOBS = Math.min(availableParallelism(), 6);
/** The longest first, so that none of them runs alone at the end. */
const LONGEST = [
  "integration/start",
  "integration/membership",
  "integration/modes",
  "integration/bench",
  "integration/consumers",
  "fault/broker",
  "fault/kill-storm",
  "fault/store-damage",
  "fault/signals",
  "fault/cluster",
  "fault/slow-model",
];
/** A file whose tests have ended may take so long to end itself; then something it has left open keeps it, and would for ever. */
const END_MS = 60_000;
/** The lines of mocha's summary, after which it tells of the failures. */
const SUMMARY = /^ +(\d+) (passing \(.*\)|pending|failing)$/gm;

interface Outcome {
  readonly passing: number;
  readonly pending: number;
  readonly failing: number;
  /** What mocha said of the failures. */
  readonly failures: string;
}

const children = new Set<ChildProcess>();

async function main(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith("-") && !arg.startsWith("--jobs="));
  const jobs = Number(args.find((arg) => arg.startsWith("--jobs="))?.slice("--jobs=".length) ?? JOBS);
  const waiting = specifications(args.filter((arg) => !arg.startsWith("-")));
  if (waiting.length === 0 || !(jobs >= 1)) throw new Error("expected test files, and --jobs=1 or more");
  const begun = performance.now();
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      outcomes.push(await run(next, options));
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return conclude(outcomes, performance.now() - begun);
}

/** What is given to one mocha each: a pattern, or a file. The longest come first. */
function specifications(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { recursive: true, encoding: "utf8" });
    return entries.filter((entry) => entry.endsWith(".test.js")).map((entry) => join(path, entry));
  });
  const rank = (specification: string) => {
    const at = LONGEST.indexOf(nameOf(specification));
    return at >= 0 ? at : specification.includes("*") ? -1 : LONGEST.length;
  };
  return found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** @example "fault/broker" */
function nameOf(specification: string): string {
  return relative(testDirectory, specification).replace(/\.test\.js$/, "");
}

/** Runs one mocha and prints what it said, but for its summary. */
async function run(specification: string, options: readonly string[]): Promise<Outcome> {
  const begun = performance.now();
  console.log(`${nameOf(specification)} begins; what it says comes at its end`);
  const child = spawn(process.execPath, ["--enable-source-maps", MOCHA, ...MOCHA_OPTIONS, ...options, specification], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  let deadline: NodeJS.Timeout | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (deadline === undefined && output.search(SUMMARY) >= 0)
        deadline = setTimeout(() => child.kill("SIGKILL"), END_MS);
    });
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject).once("close", (code, signal) => resolve(code ?? signal));
  });
  clearTimeout(deadline);
  children.delete(child);
  const { said, ...outcome } = parse(output, `${nameOf(specification)} ended with ${code}`, code === 0);
  // The failures too, and once more at the end: a run that is called off has no end.
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${nameOf(specification)}, ${seconds} s\n${said}${outcome.failures}`);
  return outcome;
}

/** Takes mocha's output apart. One that ended with an error and counted no failure counts as a failure itself. */
function parse(output: string, end: string, good: boolean): Outcome & { readonly said: string } {
  const lines = [...output.matchAll(SUMMARY)];
  const count = (what: string) => Number(lines.findLast(([, , which]) => which.startsWith(what))?.[1] ?? 0);
  const counts = { passing: count("passing"), pending: count("pending"), failing: count("failing") };
  const first = lines[0]?.index ?? output.length;
  const last = lines.at(-1);
  const after = last === undefined ? "" : output.slice(last.index + last[0].length);
  const unexplained = !good && counts.failing === 0;
  return {
    ...counts,
    failing: counts.failing + Number(unexplained),
    failures: `${counts.failing > 0 ? after.trimEnd() : ""}${unexplained ? `\n\n  ${end}` : ""}`,
    said: output.slice(0, first).trimEnd(),
  };
}

/** Prints the summary. @returns the exit code */
function conclude(outcomes: readonly Outcome[], ms: number): number {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const [passing, pending, failing] = [sum((o) => o.passing), sum((o) => o.pending), sum((o) => o.failing)];
  console.log(`\n  ${passing} passing (${(ms / 60_000).toFixed(1)}m)`);
  if (pending > 0) console.log(`  ${pending} pending`);
  if (failing === 0) return 0;
  console.log(`  ${failing} failing${outcomes.map(({ failures }) => failures).join("")}`);
  return 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of children) child.kill(signal);
    process.kill(process.pid, signal);
  });
}
process.exitCode = await main(process.argv.slice(2));
