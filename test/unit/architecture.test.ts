import assert from "node:assert/strict";
import { circleOf, roomOf, type SourceFile, sourceFiles } from "../support/structure/imports.js";
import { ROOMS } from "../support/structure/rooms.js";

const FILE_LINES_MAX = 300;

/** Arrows that run against the table of rooms. */
const OFFENDING_ARROWS: readonly string[] = [];

/** Files that are longer than {@link FILE_LINES_MAX}, each with the reason why it stays in one piece. */
const LONG_FILES: Readonly<Record<string, string>> = {
  "services/ml-racer/models/regression-tree.ts": "a literal transcription of scikit-learn's, to be read beside it",
};
/** Who reads the environment: the door that runs a service, and the mains of commands. */
const READS_ENVIRONMENT: readonly string[] = [
  "deploy/cli/command.ts",
  "deploy/local/setup.mjs",
  "deploy/local/setup/native-client.mjs",
  "deploy/local/setup/program.mjs",
  "deploy/local/start.ts",
  "shared/stream.ts",
];

/** Who opens LevelDB. */
const OPENS_LEVELDB: readonly string[] = ["shared/folder-lock.ts"];

describe("the architecture", () => {
  const files = sourceFiles();
  const filesWhere = (holds: (file: SourceFile) => boolean) => files.filter(holds).map(({ path }) => path);

  it("has every source file in a room, and every room has a file", () => {
    assert.deepEqual(
      filesWhere(({ path }) => roomOf(path) === undefined),
      [],
    );
    const lived = new Set(files.map(({ path }) => roomOf(path)));
    assert.deepEqual(
      Object.keys(ROOMS).filter((room) => !lived.has(room)),
      [],
    );
  });

  it("has arrows between rooms where the table allows them, and nowhere else", () => {
    const offending = files.flatMap(({ path, imports }) =>
      imports.filter((target) => !mayImport(roomOf(path), roomOf(target))).map((target) => `${path} imports ${target}`),
    );
    assert.deepEqual(offending.sort(), OFFENDING_ARROWS);
  });

  it("has no circle of rooms", () => {
    assert.equal(circleOf(new Map(Object.entries(ROOMS))), undefined);
  });

  it("lets shared/kafka alone know the Kafka package and its objects", () => {
    const importers = filesWhere(({ packages }) => packages.includes("@confluentinc/kafka-javascript"));
    assert.ok(importers.length > 0);
    assert.deepEqual(
      importers.filter((path) => !path.startsWith("shared/kafka/")),
      [],
    );
    assert.deepEqual(
      filesWhere(({ path, text }) => /\.#?native\b/.test(text) && !path.startsWith("shared/kafka/")),
      [],
    );
  });

  it("opens LevelDB in few places", () => {
    assert.deepEqual(filesWhere(({ packages }) => packages.includes("level")).sort(), OPENS_LEVELDB);
  });

  it("reads the environment in mains alone", () => {
    assert.deepEqual(filesWhere(({ text }) => /\bprocess\.env\b|\bprocess\["env/.test(text)).sort(), READS_ENVIRONMENT);
  });

  it("has tasks whose fields nobody else writes", () => {
    for (const path of ["shared/kernel/task/task.ts", "shared/kernel/task/task-folder.ts"]) {
      const { text } = files.find((file) => file.path === path) ?? { text: "" };
      const fields = [...text.matchAll(/^ {2}((?:readonly )?#?\w+)(?:: [^(=;\n]+)?(?: = [^;\n]+)?;$/gm)].map(
        ([, name]) => name,
      );
      assert.ok(fields.length > 5, path);
      assert.deepEqual(
        fields.filter((name) => !/^readonly |^#/.test(name)),
        [],
      );
    }
  });

  it("has short files, and a reason for each that is not", () => {
    const long = filesWhere(({ text }) => text.split("\n").length - 1 > FILE_LINES_MAX);
    assert.deepEqual(long.sort(), Object.keys(LONG_FILES).sort());
  });

  it("has worker threads that load models, and neither the kernel nor anything of Kafka", () => {
    const byPath = new Map(files.map((file) => [file.path, file]));
    const reached = new Set(["services/ml-racer/forecast-thread.ts"]);
    for (const path of reached) for (const target of byPath.get(path)?.imports ?? []) reached.add(target);
    assert.ok(reached.has("services/ml-racer/models/random-forest.ts"));
    assert.deepEqual(
      [...reached].filter((path) => /^shared\/(kernel|kafka)\/|^shared\/stream\.ts$/.test(path)),
      [],
    );
    const packages = new Set([...reached].flatMap((path) => valuePackages(byPath.get(path)?.text ?? "")));
    assert.deepEqual([...packages].sort(), ["lru-cache"]);
  });
});

function mayImport(from: string | undefined, to: string | undefined): boolean {
  if (from === undefined || to === undefined) return false;
  return from === to || ROOMS[from].includes(to);
}

/** Packages that a source loads; what is imported as a type alone is not. */
function valuePackages(text: string): string[] {
  return [...text.matchAll(/^import (?!type )[^;]*?from "([^."][^"]*)"/gm)]
    .map(([, name]) => name)
    .filter((name) => !name.startsWith("node:"));
}
