import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileLine, LINE_BYTES_MAX, readLines } from "../../../services/producer/file-lines.js";

describe("lines of a file", () => {
  let directory: string;
  let path: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-lines-"));
    path = join(directory, "file");
  });
  after(() => rmSync(directory, { recursive: true }));

  /** All lines of a file with these contents, block by block. */
  function allLines(contents: string | Buffer): FileLine[] {
    writeFileSync(path, contents);
    const lines: FileLine[] = [];
    for (;;) {
      const block = readLines(path, lines.at(-1)?.next ?? 0);
      if (block.length === 0) return lines;
      lines.push(...block);
    }
  }

  it("end with LF or CR LF, the last one with or without; blank lines are left out", () => {
    // a LF is 2 bytes, b,é CR LF 6, the blank lines 2 and 3.
    const first = [
      { text: "a", next: 2 },
      { text: "b,é", next: 8 },
    ];
    assert.deepEqual(allLines("a\nb,é\r\n\r\n \t\n c\n"), [...first, { text: " c", next: 16 }]);
    assert.deepEqual(allLines("a\nb,é\r\n\r\n \t\n c"), [...first, { text: " c", next: 15 }]);
    assert.deepEqual(allLines(""), []);
    assert.deepEqual(allLines("\n\n"), []);
  });

  it("begin after a byte order mark", () => {
    assert.deepEqual(allLines("\ufeffa\nb"), [
      { text: "a", next: 5 },
      { text: "b", next: 6 },
    ]);
  });

  it("are the same from any line on, over many blocks", () => {
    const texts = Array.from({ length: 30_000 }, (_, k) => `line ${k} ${"x".repeat(k % 50)}`);
    const lines = allLines(texts.join("\n"));
    assert.deepEqual(
      lines.map(({ text }) => text),
      texts,
    );
    assert.deepEqual(readLines(path, lines[17_000].next)[0], lines[17_001]);
  });

  it("are found behind a block of blank ones", () => {
    for (const blank of [LINE_BYTES_MAX, LINE_BYTES_MAX + 1, LINE_BYTES_MAX + 2, LINE_BYTES_MAX + 3, 400_000]) {
      assert.deepEqual(allLines(`${"\n".repeat(blank)}abc`), [{ text: "abc", next: blank + 3 }]);
    }
  });

  it("have a bound, and a longer one is refused with the place where it begins", () => {
    const long = "x".repeat(LINE_BYTES_MAX);
    assert.equal(allLines(`${long}\r\n${long}\n${long}`).length, 3);
    assert.throws(() => allLines(`ab\n${long}xxx\nc`), { name: "RangeError", message: /got a longer one at byte 3$/ });
  });
});
