import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { spoolInput } from "../../../deploy/local/standard-input.js";

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe("standard input as a file", () => {
  const directory = mkdtempSync(join(tmpdir(), "regatta-input-"));
  const running = new AbortController().signal;
  after(() => rmSync(directory, { recursive: true, force: true }));

  it("holds all bytes, and is the same file however they come in pieces", async () => {
    const path = await spoolInput(pieces("y,x\n1,", "2\n"), directory, running);
    assert.ok(path);
    assert.equal(basename(path), "stdin.csv");
    assert.equal(readFileSync(path, "utf8"), "y,x\n1,2\n");
    // sha256sum of these bytes.
    assert.equal(basename(dirname(path)), "f26eb152302d7cdf");
    assert.equal(await spoolInput(pieces("y,x\n", "1,2\n"), directory, running), path);
    assert.notEqual(await spoolInput(pieces("y,x\n1,3\n"), directory, running), path);
  });

  it("is named by what it begins with", async () => {
    const path = await spoolInput(pieces(' {"y": 1}\n'), directory, running);
    assert.equal(basename(path ?? ""), "stdin.jsonl");
    const packed = (async function* () {
      yield gzipSync("y,x\n1,2\n");
    })();
    assert.equal(basename((await spoolInput(packed, directory, running)) ?? ""), "stdin.csv.gz");
  });

  it("is no file where it was stopped", async () => {
    const stopping = new AbortController();
    const input = (async function* () {
      yield Buffer.from("y,x\n");
      stopping.abort();
      yield Buffer.from("1,2\n");
    })();
    const before = readdirSync(directory);
    assert.equal(await spoolInput(input, directory, stopping.signal), undefined);
    assert.deepEqual(readdirSync(directory), before);
  });
});
