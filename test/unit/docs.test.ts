import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { RAW, TOPICS } from "../../deploy/generate/contract-topics.js";
import {
  DEAD_LETTERS_TOPIC,
  LINEAR_TOPIC,
  NON_LINEAR_TOPIC,
  REDRIVEN_TOPIC,
  topics,
} from "../../shared/contract/topics.js";
import { TRANSITIONS } from "../../shared/kernel/task/task.js";
import { commandsOf, faultOf } from "../support/docs/commands.js";
import {
  allPages,
  blocksOf,
  drawnArrows,
  linksOf,
  proseOf,
  raggedRows,
  readPage,
  rowsOf,
  sectionOf,
} from "../support/docs/pages.js";
import { root, sourceFiles } from "../support/structure/imports.js";
import { arrowsOf, reductionOf, roomGraph } from "../support/structure/room-graph.js";

const COLUMNS_MAX = 130;
/** By the reader that docs/topics.md names. */
const EXAMPLE_OF: Readonly<Record<string, string>> = {
  Python: "python/latest_forecasts.py",
  Java: "java/LatestForecasts.java",
  Go: "go/main.go",
  Node: "typescript/latest-forecasts.ts",
};

describe("the documents", () => {
  const pages = allPages();

  it("have links that lead to a file, and to a heading where they name one", () => {
    const links = pages.flatMap(linksOf);
    assert.ok(links.length > 50);
    const broken = links.filter(({ path, anchor }) => {
      if (!existsSync(posix.join(root, path))) return true;
      return anchor !== undefined && !(path.endsWith(".md") && readPage(path).anchors.has(anchor));
    });
    assert.deepEqual(
      broken.map(({ page, target }) => `${page}: ${target}`),
      [],
    );
  });

  it("have commands of which every script, file, service and option exists", () => {
    const commands = pages.flatMap(commandsOf);
    assert.ok(commands.length > 30);
    const faults = commands.map((command) => ({ ...command, fault: faultOf(command) }));
    assert.deepEqual(
      faults.filter(({ fault }) => fault !== undefined).map(({ page, text, fault }) => `${page}: ${text}: ${fault}`),
      [],
    );
  });

  it("have every option of npm start in a table, and none besides", () => {
    const section = sectionOf(readPage("docs/commands.md"), "## The race on this machine");
    const told = rowsOf(section).flatMap(([options]) => [...options.matchAll(/--[a-z-]+/g)].map(([option]) => option));
    const sources = ["run-options.ts", "file-options.ts"].map((name) =>
      readFileSync(posix.join(root, "deploy/local", name), "utf8"),
    );
    const declared = sources.flatMap((source) =>
      [...source.matchAll(/[Oo]ption\(\s*"(--[a-z-]+)/g)].map(([, option]) => option),
    );
    assert.deepEqual([...new Set(told)].sort(), declared.sort());
  });

  it("have the test commands of .ci/run in the README", () => {
    const run = readFileSync(posix.join(root, ".ci/run"), "utf8");
    const commands = [...run.matchAll(/\bnpm (?:run (?:--silent )?)?((?:test|lint|check)[a-z:]*)/g)].map(
      ([, script]) => script,
    );
    assert.ok(commands.length >= 3);
    const readme = readPage("README.md").text;
    const missing = commands.filter((script) => !new RegExp(`\`npm (run )?${script}\``).test(readme));
    assert.deepEqual(missing, []);
  });

  it("have prose that is at most so wide that it can be read without wrapping", () => {
    const wide = pages.flatMap(({ path, text }) =>
      proseOf(text)
        .split("\n")
        .filter((line) => line.length > COLUMNS_MAX && !line.startsWith("|") && !line.startsWith("    "))
        .map((line) => `${path}: wider than ${COLUMNS_MAX} columns: ${line}`),
    );
    assert.deepEqual(wide, []);
  });

  it("have tables whose rows have as many cells each as their head", () => {
    assert.deepEqual(pages.flatMap(raggedRows), []);
  });

  it("have every metric of the code in the table of metrics, and none besides", () => {
    const named = sourceFiles(["services", "shared"]).flatMap(({ text }) =>
      [...text.matchAll(/"(regatta_[a-z_]+)"/g)].map(([, name]) => name),
    );
    const section = sectionOf(readPage("docs/operations.md"), "## Metrics");
    const told = [...section.matchAll(/`(regatta_[a-z_]+)`/g)].map(([, name]) => name);
    assert.deepEqual(told.sort(), [...new Set(named)].sort());
  });

  it("have every topic in the table of topics, and one of results with a link to its members", () => {
    const rows = rowsOf(sectionOf(readPage("docs/topics.md"), "## Topics"));
    const named = rows.map(([topic, , value]) => ({
      names: [...topic.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
      target: /\]\(contract\.md#([^)]+)\)/.exec(value)?.[1],
    }));
    const written = [
      LINEAR_TOPIC,
      NON_LINEAR_TOPIC,
      DEAD_LETTERS_TOPIC,
      REDRIVEN_TOPIC,
      ...Object.values(topics).map(({ name }) => name),
    ];
    const told = named.flatMap(({ names }) => names);
    assert.deepEqual(told.filter((name) => !name.includes("<")).sort(), written.sort());
    for (const { topic, record } of TOPICS) {
      const name = topic.name.replace(RAW, "<raw topic>");
      const title = record.schema.meta()?.title ?? "";
      const target = named.find(({ names }) => names.includes(name))?.target;
      assert.equal(target, title.toLowerCase().replaceAll(" ", "-"), name);
    }
  });

  it("have lines for reading numbers that stand in the examples, which a test runs", () => {
    const rows = rowsOf(sectionOf(readPage("docs/topics.md"), "## Numbers"));
    const lines = rows.map(([reader, line]) => ({
      program: EXAMPLE_OF[reader],
      code: [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code).at(reader === "Python" ? 0 : -1),
    }));
    assert.deepEqual(
      Object.keys(EXAMPLE_OF),
      rows.slice(0, -1).map(([reader]) => reader),
    );
    for (const { program, code } of lines.slice(0, -1)) {
      const text = readFileSync(posix.join(root, "examples/consumers", `${program}`), "utf8");
      assert.ok(code !== undefined && text.includes(code), `${program}: ${code}`);
    }
  });

  it("have every fault test in the table of what is survived, and none besides", () => {
    const rows = rowsOf(sectionOf(readPage("docs/guarantees.md"), "## What it survives"));
    const told = rows.flatMap(([, , tests]) => [...tests.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    const files = readdirSync(posix.join(root, "test/fault")).filter((name) => name.endsWith(".test.ts"));
    assert.deepEqual(told.sort(), files.map((name) => name.replace(".test.ts", "")).sort());
  });

  it("have a drawing of the rooms from whose arrows all imports follow, and no others", () => {
    const [drawing] = blocksOf(readPage("docs/architecture.md"), "mermaid");
    const graph = roomGraph();
    assert.deepEqual(drawnArrows(drawing), arrowsOf(reductionOf(graph)));
    const drawn = [...drawing.matchAll(/\["([^"]+)"\]/g)].map(([, room]) => room);
    assert.deepEqual(drawn.sort(), [...graph.keys()].sort());
  });

  it("have a drawing of a task's states with the transitions that there are", () => {
    const drawing = sectionOf(readPage("docs/architecture.md"), "### Of a task");
    const drawn = [...drawing.matchAll(/^ +([a-z]+) --> ([a-z]+)$/gm)].map(([, from, to]) => `${from} --> ${to}`);
    const arrows = Object.entries(TRANSITIONS).flatMap(([from, next]) => next.map((to) => `${from} --> ${to}`));
    assert.deepEqual(drawn.sort(), arrows.sort());
  });

  it("have every file of the kernel and of shared/kafka in the map, once, and none that does not exist", () => {
    const map = sectionOf(readPage("docs/architecture.md"), "## File map");
    const told = [...map.matchAll(/^\| \[([^\]]+)\]\(\.\.\/([^)]+)\) \| (.+) \|$/gm)];
    const files = sourceFiles(["shared/kernel", "shared/kafka"]).map(({ path }) => path);
    assert.deepEqual(told.map(([, , path]) => path).sort(), files.sort());
    for (const [, name, path] of told) assert.equal(name, posix.basename(path));
  });
});
