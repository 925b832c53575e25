/**
 * Commands that the pages tell a reader to type, and what the project lacks of each. Most are run by tests as well: npm start
 * by integration/start, from and race-run, page by integration/page, watch and save by integration/looking, query by
 * integration/query, letters and redrive by integration/redrive, reset by integration/reset, service by
 * unit/deploy/service-command, repartition by fault/repartition, acls by fault/locked-cluster, sbom by unit/supply-chain, screenshots by
 * integration/screenshots, dashboards, manifests and settings by the tests that compare their files, docker compose by
 * compose/containers, kubectl's files by unit/deploy/kubernetes, kcat's line by integration/headers.
 */
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { parse } from "yaml";
import { root, sourceFiles } from "../structure/imports.js";
import { blocksOf, type Page, proseOf } from "./pages.js";

export interface Command {
  readonly page: string;
  readonly text: string;
}

/** Programs that are not ours: which options they have is theirs to say. */
const OTHER_PROGRAMS = new Set(["cat", "curl", "echo", "git", "kcat", "pip", "tail"]);
const OTHER_KAFKA_PROGRAMS = /^kafka-[a-z]+(\.sh)?$/;
/** What npm does without a script of that name. */
const NPM_VERBS = new Set(["install"]);
const COMPOSE_VERBS = new Set(["up", "down", "ps", "logs", "exec", "stop"]);
/** Code in a sentence is a command where it begins so. */
const INLINE_COMMAND =
  /`((?:[A-Z_]+=\S+ )*(?:npm (?:run|test|start|install)\b|npx |docker compose |kubectl |kcat |kafka-|curl |git |\.ci\/)[^`]*)`/g;

/** Where the options of an npm script are declared. */
const OPTIONS_OF: Readonly<Record<string, readonly string[]>> = {
  start: ["deploy/local/run-options.ts", "deploy/local/file-options.ts"],
  page: ["deploy/cli/page.ts"],
  watch: ["deploy/cli/watch.ts", "deploy/cli/command.ts"],
  save: ["deploy/cli/save.ts", "deploy/cli/command.ts"],
  query: ["deploy/cli/query.ts"],
  repartition: ["deploy/cli/repartition.ts"],
  letters: ["deploy/cli/letters.ts", "deploy/cli/letter-filter.ts"],
  redrive: ["deploy/cli/redrive.ts", "deploy/cli/letter-filter.ts"],
  reset: ["deploy/cli/reset.ts"],
  screenshots: ["deploy/pictures/screenshots.ts"],
  acls: ["deploy/cli/acls.ts"],
  sbom: ["deploy/cli/sbom.ts"],
  "test:fault": ["test/support/long.ts"],
  "test:sklearn": ["test/parity/sklearn/live-race.ts"],
  bench: ["test/bench/options.ts"],
  "bench:models": ["test/bench/model-bench.ts"],
};

const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;
const packages = JSON.parse(read("package.json")) as Record<string, Record<string, string> | undefined>;
const composeServices = Object.keys((parse(read("docker-compose.yml")) as { services: object }).services);
const services = composeServices.filter((name) => existsSync(posix.join(root, "services", name)));

/** Every command of a page: indented and fenced lines that begin like one, and code in sentences. */
export function commandsOf(page: Page): Command[] {
  const fenced = blocksOf(page, "").flatMap((block) => [...block.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line));
  const shell = blocksOf(page, "sh").flatMap((block) => block.split("\n").filter((line) => line !== ""));
  const prose = proseOf(page.text);
  const indented = [...prose.matchAll(/(?<=\n\n|\n {4}.*\n) {4}(\S.*)$/gm)].map(([, line]) => line);
  const inline = [...prose.replaceAll(/\s+/g, " ").matchAll(INLINE_COMMAND)].map(([, text]) => text);
  return [...fenced, ...shell, ...indented, ...inline].map((text) => ({
    page: page.path,
    text: text.replace(/\s+# .*$/, "").trim(),
  }));
}

/** What the project lacks of a command; undefined where it has everything. */
export function faultOf({ text }: Command): string | undefined {
  for (const part of text.split(/ \| | && /)) {
    const words = part.match(/'[^']*'|\S+/g) ?? [];
    const begin = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
    const fault = words.slice(0, begin).map(variableFault).find(isFault) ?? programFault(words.slice(begin));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const isFault = (fault: string | undefined) => fault !== undefined;

function variableFault(assignment: string): string | undefined {
  const [name] = assignment.split("=");
  const known = sourceFiles(["services", "shared", "deploy", "test"]).some(({ text }) => text.includes(`${name}`));
  return known ? undefined : `nothing reads ${name}`;
}

function programFault([program, ...words]: readonly string[]): string | undefined {
  if (OTHER_PROGRAMS.has(program) || OTHER_KAFKA_PROGRAMS.test(program)) return undefined;
  if (program === "npm") return npmFault(words);
  if (program === "npx") return npxFault(words);
  if (program === "docker") return composeFault(words);
  if (program === "kubectl") return pathFault(words[words.indexOf("-k") + 1]);
  if (program.startsWith(".ci/")) return pathFault(program);
  return `unknown program ${program}`;
}

function npmFault(words: readonly string[]): string | undefined {
  const [first, ...rest] = words.filter((word) => word !== "-s");
  const [script, ...args] = first === "run" ? rest : [first, ...rest];
  if (first !== "run" && NPM_VERBS.has(first)) return undefined;
  if (!(script in scripts)) return `there is no npm script ${script}`;
  const declared = (OPTIONS_OF[script] ?? []).map(read).join("\n");
  for (const word of args.filter((arg) => arg !== "--" && arg !== "--help")) {
    const [option] = /--[a-z-]+/.exec(word) ?? [];
    if (option !== undefined && !declares(declared, option)) return `npm run ${script} has no option ${option}`;
  }
  const [named] = args.filter((arg) => arg !== "--");
  if (script === "service" && named !== "<name>" && !services.includes(named)) return `there is no service ${named}`;
  return undefined;
}

/** Commander's options bear their dashes, those of parseArgs do not. */
function declares(source: string, option: string): boolean {
  return source.includes(option) || new RegExp(`\\b${option.slice(2)}: \\{ type:`).test(source);
}

function npxFault([program, ...args]: readonly string[]): string | undefined {
  const names = Object.keys({ ...packages.dependencies, ...packages.devDependencies });
  if (
    !names.some(
      (name) => name === program || name === `@biomejs/${program}` || (program === "tsc" && name === "typescript"),
    )
  )
    return `${program} is in no package of the project`;
  const tests = args.filter((arg) => arg.startsWith("dist/"));
  return tests.map((path) => pathFault(path.slice("dist/".length).replace(/\.js$/, ".ts"))).find(isFault);
}

function composeFault([, verb, ...args]: readonly string[]): string | undefined {
  if (!COMPOSE_VERBS.has(verb)) return `docker compose ${verb} is not a command that the pages use`;
  const scaled = args.map((arg) => /^([a-z-]+)=\d+$/.exec(arg)?.[1]).filter((name) => name !== undefined);
  const unknown = scaled.find((name) => !composeServices.includes(name));
  return unknown === undefined ? undefined : `docker-compose.yml has no service ${unknown}`;
}

function pathFault(path: string): string | undefined {
  return existsSync(posix.join(root, path)) ? undefined : `there is no ${path}`;
}

function read(path: string): string {
  return readFileSync(posix.join(root, path), "utf8");
}
