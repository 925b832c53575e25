import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../support/structure/imports.js";

/** Stands for the compiler: what it writes, and on standard output what it compiles. */
const COMPILER = `
const { writeFileSync, mkdirSync, existsSync } = require("node:fs");
if (existsSync("faulty")) process.exit(2);
mkdirSync("dist/deploy", { recursive: true });
const isPage = process.argv[3].includes("browser");
writeFileSync(isPage ? "dist/.tsbuildinfo-page" : "dist/.tsbuildinfo", "");
writeFileSync("dist/deploy/program.js", "process.stdout.write(process.argv.slice(2).join(' '))");
process.stdout.write(isPage ? ", and the page" : "compiled");
`;
const COMPILED = "compiled, and the page";

describe("the runner of compiled programs", () => {
  let project: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  };
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(project, "deploy/local/run.mjs"), "dist/deploy/program.js", ...args], {
      encoding: "utf8",
    });

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "regatta-run-"));
    for (const path of ["deploy/local/run.mjs", "deploy/local/setup/compiled.mjs"])
      cpSync(join(root, path), join(project, path), { recursive: true });
    for (const folder of ["services", "shared", "test", "examples/consumers/typescript"])
      mkdirSync(join(project, folder), { recursive: true });
    for (const path of ["tsconfig.json", "package-lock.json", "package.json"]) write(path, "{}");
    write("deploy/program.ts", "");
    write("node_modules/typescript/bin/tsc", COMPILER);
  });

  afterEach(() => rmSync(project, { recursive: true }));

  it("compiles what was never compiled, and leaves standard output to the program", () => {
    const { status, stdout, stderr } = run("--for", "15s");
    assert.deepEqual([status, stdout, stderr], [0, "--for 15s", COMPILED]);
  });

  it("compiles again after a source was changed, added or removed, and else not", () => {
    run();
    assert.equal(run().stderr, "");
    utimesSync(join(project, "deploy/program.ts"), new Date(), new Date(Date.now() + 60_000));
    assert.equal(run().stderr, COMPILED);
    utimesSync(join(project, "deploy/program.ts"), new Date(0), new Date(0));
    utimesSync(join(project, "shared"), new Date(), new Date(Date.now() + 60_000));
    assert.equal(run().stderr, COMPILED);
  });

  it("removes what was compiled from a source that is gone", () => {
    write("dist/deploy/renamed.js", "");
    run();
    assert.equal(existsSync(join(project, "dist/deploy/renamed.js")), false);
  });

  it("runs nothing where the sources do not compile, or the packages are not there", () => {
    write("faulty", "");
    assert.deepEqual([run("x").status, run("x").stdout], [1, ""]);
    rmSync(join(project, "node_modules"), { recursive: true });
    const { status, stderr } = run("x");
    assert.equal(status, 1);
    assert.match(stderr, /node deploy\/local\/setup\.mjs/);
  });
});
