import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../side-by-side.js", import.meta.url));

/** By the names of their files. */
const FILES = {
  good: 'it("passes", () => console.log("said by good")); it("passes too"); it("passes as well", () => {});',
  bad: 'it("fails", () => { throw new Error("broken"); }); it("passes", () => {});',
  dying: 'it("ends the process", () => process.exit(3)); it("never runs", () => {});',
  long: 'it("is " + (process.argv.includes("--long") ? "long" : "short"), () => {});',
};

describe("test files side by side", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "regatta-side-"));
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, `${name}.test.js`), text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [program, "--jobs=2", "--no-color", ...args], { encoding: "utf8" });

  it("are counted in one summary, with what each said before it", () => {
    const { status, stdout } = run(join(folder, "good.test.js"), join(folder, "long.test.js"), "--long");
    assert.equal(status, 0);
    assert.match(stdout, /good, \d+ s\n\s+said by good/);
    assert.match(stdout, /✔ is long/);
    assert.match(stdout, /\n {2}3 passing \(\d+\.\dm\)\n {2}1 pending\n$/);
    assert.equal(stdout.match(/passing/g)?.length, 1);
  });

  it("end with 1 where one fails or dies, and tell of the failures at the end", () => {
    const { status, stdout } = run(folder);
    assert.equal(status, 1);
    const [, failures] = stdout.split(/\n {2}4 passing \(.*\)\n {2}1 pending\n {2}2 failing\n/);
    assert.match(failures, /1\) fails:\n\s+Error: broken/);
    assert.match(failures, /dying ended with 3/);
  });

  it("are run by one process where a pattern names them", () => {
    const { status, stdout } = run(join(folder, "*o*.test.js"));
    assert.equal(status, 0);
    assert.equal(stdout.match(/, \d+ s$/gm)?.length, 1);
    assert.match(stdout, /\n {2}3 passing/);
  });
});
