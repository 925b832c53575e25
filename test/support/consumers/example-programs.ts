/**
 * The programs of examples/consumers, made ready as docs/topics.md tells it: with the versions that they pin, in folders of their
 * own under .local. What cannot be had here, a toolchain or a package, is told in words.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../structure/imports.js";
import { runToEnd } from "./finished-program.js";

const EXAMPLES = join(root, "examples/consumers");
const LOCAL = join(root, ".local/consumers");
/** Downloads and, of Go, the first compilation. */
const READY_MS = 180_000;

export interface ExampleProgram {
  readonly name: string;
  /** The words of its command line. */
  readonly command: readonly string[];
  /** Makes it ready. @returns what is missing, undefined where it can run */
  ready(): Promise<string | undefined>;
  /** Of a language that writes -0 as 0, though it reads it. */
  readonly writesMinusZeroAsZero?: true;
}

/** @returns what is missing, in words: a program, or what it said at its end */
async function lackOf(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const finished = await runToEnd(command, { environment, timeoutMs: READY_MS });
  if (finished === undefined) return `there is no ${command[0]} on the PATH`;
  if (finished.code === 0) return undefined;
  const said = (finished.stderr || finished.stdout).trim().split("\n").at(-1);
  return `${command.slice(0, 4).join(" ")} ended with ${finished.code ?? "no answer in time"}: ${said}`;
}

/** The first lack of several commands, run in turn. */
async function firstLack(...commands: readonly (readonly string[])[]): Promise<string | undefined> {
  for (const command of commands) {
    const lack = await lackOf(command);
    if (lack !== undefined) return lack;
  }
  return undefined;
}

const VENV = join(LOCAL, "python");
/** The Python of the examples' own environment. */
export const PYTHON = join(VENV, "bin/python");

/** Makes the environment with what a file of requirements pins. @returns what is missing */
export async function readyPython(...requirements: readonly string[]): Promise<string | undefined> {
  const install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements];
  return existsSync(PYTHON) ? lackOf(install) : firstLack(["python3", "-m", "venv", VENV], install);
}

const JARS = join(LOCAL, "java");
const GO_PROGRAM = join(LOCAL, "go/latest-forecasts");

export const EXAMPLE_PROGRAMS: readonly ExampleProgram[] = [
  {
    name: "Python",
    command: [PYTHON, join(EXAMPLES, "python/latest_forecasts.py")],
    ready: () => readyPython("--requirement", join(EXAMPLES, "python/requirements.txt")),
  },
  {
    name: "Java",
    command: ["java", "-cp", join(JARS, "*"), join(EXAMPLES, "java/LatestForecasts.java")],
    ready: () =>
      firstLack(
        ["java", "-version"],
        [
          "mvn",
          "-q",
          "-B",
          "-f",
          join(EXAMPLES, "java/pom.xml"),
          "dependency:copy-dependencies",
          `-DoutputDirectory=${JARS}`,
        ],
      ),
  },
  {
    name: "Go",
    command: [GO_PROGRAM],
    ready() {
      mkdirSync(join(LOCAL, "go"), { recursive: true });
      // Neither another toolchain nor other versions than those that are pinned.
      return lackOf(["go", "build", "-C", join(EXAMPLES, "go"), "-mod=readonly", "-o", GO_PROGRAM, "."], {
        GOTOOLCHAIN: "local",
      });
    },
  },
  {
    name: "TypeScript, with types generated from the AsyncAPI document",
    command: [process.execPath, join(root, "dist/examples/consumers/typescript/latest-forecasts.js")],
    ready: () => Promise.resolve(undefined),
    writesMinusZeroAsZero: true,
  },
  {
    name: "kcat and jq",
    command: ["sh", join(EXAMPLES, "kcat/latest-forecasts.sh")],
    ready: () => firstLack(["kcat", "-V"], ["jq", "--version"]),
  },
];
