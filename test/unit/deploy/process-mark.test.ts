import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRunning, markProcess, readMarks } from "../../../deploy/local/process-mark.js";

function ownMark() {
  const mark = markProcess(process.pid);
  assert.ok(mark !== undefined);
  return mark;
}

describe("the mark of a process", () => {
  it("knows its process while it runs, and no longer once it has ended", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
    const mark = markProcess(child.pid ?? 0);
    assert.ok(mark !== undefined && isRunning(mark));
    child.stdin.end();
    await once(child, "exit");
    assert.equal(isRunning(mark), false);
    assert.equal(markProcess(mark.pid), undefined);
  });

  it("does not take for its process another one of the same number", () => {
    const mark = ownMark();
    assert.equal(isRunning({ ...mark, started: `${mark.started}0` }), false);
  });
});

describe("a file of marks", () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "regatta-marks-"));
    file = join(folder, "marks");
  });
  after(() => rmSync(folder, { recursive: true }));

  it("gives back what was written", () => {
    const marks = { jvm: ownMark(), owner: ownMark() };
    writeFileSync(file, JSON.stringify(marks));
    assert.deepEqual(readMarks(file, ["jvm", "owner"]), marks);
  });

  it("is nothing where it is absent, torn, or of another shape", () => {
    assert.equal(readMarks(join(folder, "absent"), ["jvm"]), undefined);
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      "7",
      '{"jvm":null}',
      '{"jvm":{"pid":"1","started":"x"}}',
      '{"jvm":{"pid":1}}',
    ]) {
      writeFileSync(file, text);
      assert.equal(readMarks(file, ["jvm"]), undefined, text);
    }
  });
});
