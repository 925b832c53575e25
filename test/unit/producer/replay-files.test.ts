import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Counter, counterCodec } from "../../../services/producer/counters.js";
import { progressKey, replaySource, SETTLE_MS } from "../../../services/producer/replay-source.js";
import { producer } from "../../../services/producer/service.js";
import { readSettings } from "../../../shared/config.js";
import { type ForwardedRecord, type MemoryStore, memoryContext, memoryStore } from "../../driver/task-context.js";
import { root } from "../../support/structure/imports.js";

type Environment = Readonly<Record<string, string>>;

/** A file as Python's csv module reads it; see test/parity/sklearn/golden_csv.py. */
interface GoldenCsv {
  readonly text: string;
  readonly rows: readonly (readonly string[])[];
}

describe("files to replay", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-files-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  function write(name: string, content: string | Buffer): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }

  class Replay {
    readonly records: ForwardedRecord[] = [];
    readonly lines: string[] = [];
    /** Of the records, where a column holds them. */
    readonly times: number[] = [];
    readonly #source;
    #nowMs = 0;

    readonly path: string;
    readonly environment: Environment;
    readonly counters: MemoryStore<Counter>;

    constructor(
      path: string,
      environment: Environment = {},
      counters: MemoryStore<Counter> = memoryStore(counterCodec),
    ) {
      this.path = path;
      this.environment = environment;
      this.counters = counters;
      const context = memoryContext(this.settings, { counters }, undefined, this.records);
      const warn = (fields: Readonly<Record<string, unknown>>, text: string) => {
        this.lines.push(fields.line === undefined ? text : `${fields.line} ${fields.reason}`);
      };
      this.#source = replaySource(0, { ...context, warn, stamp: (timestamp) => this.times.push(timestamp) });
      this.#source.generate(0, 1);
    }

    get settings() {
      return readSettings(producer.settings, { REPLAY_FILE: this.path, RATE: "1000000", ...this.environment });
    }

    get progress() {
      return this.counters.get(progressKey(this.settings))?.replay;
    }

    get texts(): string[] {
      return this.records.map(({ key, value }) => `${key}: ${value}`);
    }

    /** Replays all that can be read after `ms`. */
    run(ms = SETTLE_MS): this {
      this.#nowMs += ms;
      this.#source.generate(this.#nowMs, 0);
      for (;;) {
        this.#nowMs += 1;
        if (this.#source.generate(this.#nowMs, 1000) === 0) break;
      }
      this.counters.commit();
      return this;
    }
  }

  const replay = (path: string, environment?: Environment) => new Replay(path, environment).run();
  const fault = (path: string, environment?: Environment) => {
    try {
      new Replay(path, environment);
    } catch (error) {
      return String(error);
    }
    return undefined;
  };

  it("with a name twice are refused where all columns are read", () => {
    const path = write("twice.csv", "i,y,temp,temp\n0,1.5,10,20\n");
    assert.match(fault(path) ?? "", /expected one column temp, got the columns i, y, temp, temp/);
  });

  it("keep 64-bit numbers as they are spelled, as names of series too", () => {
    const path = write(
      "ids.jsonl",
      '{"id": 9007199254740992, "y": 1.10, "x1": 1}\n{"id": 9007199254740993, "y": 2, "x1": 1}\n',
    );
    assert.deepEqual(replay(path, { REPLAY_SERIES: "id" }).texts, [
      "9007199254740992: [0, 1.10, 1]",
      "9007199254740993: [0, 2, 1]",
    ]);
  });

  it("of JSON lose the line alone that is no JSON, be it the first, or that has a member twice", () => {
    const path = write(
      "lines.jsonl",
      '{"y": 1, "a": NaN}\n{"y": 2, "a": 1}\n{"y": 3, "a": 1, "b": {"c": 1, "c": 2}}\n{"y": 5, "a": 2}\n',
    );
    const { texts, lines } = replay(path);
    assert.deepEqual(texts, ["lines: [0, 2, 1]", "lines: [1, 5, 2]"]);
    assert.deepEqual(lines.slice(1), [
      "1 not-json",
      "3 repeated-member",
      "4 rows read, 2 sent, 2 refused (1 not-json, 1 repeated-member)",
    ]);
  });

  it("have numbers in every spelling that Python's float() and CSV share, digit for digit", () => {
    // The right sides are JSON's grammar by hand.
    const spellings = {
      ".5": "0.5",
      "-.5": "-0.5",
      "+1": "1",
      "5.": "5",
      "007": "7",
      "-0": "-0",
      "1E-3": "1e-3",
      "+.5e-2": "0.5e-2",
      "1.5e+307": "1.5e+307",
      "12345678901234567890": "12345678901234567890",
      "0.1000": "0.1000",
    };
    const path = write(
      "spellings.csv",
      `y,x\n${Object.keys(spellings)
        .map((text) => `1,${text}\n`)
        .join("")}`,
    );
    assert.deepEqual(
      replay(path).texts,
      Object.values(spellings).map((text, k) => `spellings: [${k}, 1, ${text}]`),
    );
  });

  it("count missing values apart from text that is no number and from numbers beyond the doubles", () => {
    const missing = ["", "NA", "NaN", "null", "None", "#N/A", "-"];
    const text = [
      '"1,234.5"',
      "1 234",
      "1\u00a0234",
      "50%",
      "inf",
      "0x1F",
      "1_000",
      "TRUE",
      "1d5",
      '"1,5"',
      "1.2.3",
      "1e",
    ];
    const rows = ["5", ...missing, ...text, "1e999"];
    const { progress } = replay(write("missing.csv", `y,x\n${rows.map((cell) => `1,${cell}\n`).join("")}`));
    assert.deepEqual(progress?.refused, { missing: missing.length, "not-a-number": text.length, "not-finite": 1 });
    assert.equal(progress?.sent, 1);
  });

  it("send null for a feature without a value where that is asked for, and never for y", () => {
    const path = write("null.csv", "y,a,b\n1,,2\n,3,4\n5,#N/A,-\n6,x,7\n8,9,1e999\n");
    const { texts, progress } = replay(path, { REPLAY_MISSING: "null" });
    assert.deepEqual(texts, ["null: [0, 1, null, 2]", "null: [1, 5, null, null]"]);
    assert.deepEqual(progress?.refused, { missing: 1, "not-a-number": 1, "not-finite": 1 });
    const json = write("null.jsonl", '{"y": 1, "a": 2, "b": 3}\n{"y": 4, "a": null}\n{"y": 5, "x": [6, null]}\n');
    const environment = { REPLAY_MISSING: "null", REPLAY_FEATURES: "a,b" };
    assert.deepEqual(replay(json, environment).texts, [
      "null: [0, 1, 2, 3]",
      "null: [1, 4, null, null]",
      "null: [2, 5, 6, null]",
    ]);
  });

  it("with a column of time give it to their records, and lose rows whose time is none or to come", () => {
    const rows = ["2024-02-29,1,2", "1958-03-29 06:30:00.5+01:00,3,4", "2023-02-29,5,6", ",7,8", "2999-01-01,9,10"];
    const iso = replay(write("iso.csv", `date,y,a\n${rows.join("\n")}\n`), { REPLAY_TIME: "date" });
    assert.deepEqual(iso.texts, ["iso: [0, 1, 2]", "iso: [1, 3, 4]"]);
    // date -u -d @1709164800; 1958-03-29T05:30:00.500Z is 4295 days, 18 h 29 min 59.5 s before 1970.
    assert.deepEqual(iso.times, [1_709_164_800_000, -371_154_599_500]);
    assert.deepEqual(iso.progress?.refused, { "not-a-time": 3 });
    const seconds = write("s.jsonl", '{"t": 1709164800.5, "y": 1, "a": 2}\n{"t": "0", "y": 3, "a": 4}\n[9, 1, 2]\n');
    const epoch = replay(seconds, { REPLAY_TIME: "t", REPLAY_TIME_UNIT: "s" });
    assert.deepEqual(epoch.texts, ["s: [0, 1, 2]", "s: [1, 3, 4]"]);
    // Kafka's client takes 0 for no time.
    assert.deepEqual(epoch.times, [1_709_164_800_500, 1]);
    assert.deepEqual(epoch.progress?.refused, { "not-a-time": 1 });
  });

  for (const [name, end] of Object.entries({ LF: "\n", "CR LF": "\r\n", CR: "\r" })) {
    it(`end lines with ${name}, the last one with or without, also in quotes and in the names of columns`, () => {
      const rows = [`"y${end}(C)",x,note`, `1,2,"two${end}lines, ""quoted"""`, "", "3,4,"];
      for (const last of ["", end]) {
        const path = write("ends.csv", rows.join(end) + last);
        const { texts, lines } = replay(path, { REPLAY_TARGET: `y${end}(C)`, REPLAY_FEATURES: "x" });
        assert.deepEqual(texts, ["ends: [0, 1, 2]", "ends: [1, 3, 4]"]);
        assert.equal(lines.at(-1), "2 rows read, 2 sent, 0 refused");
      }
    });
  }

  it("keep blanks in quotes and none around cells, and separators, line ends and doubled quotes in quotes", () => {
    const rows = ['" a b ",1,2', ' "c" , 3 ,\t4', '"d,e",5,6', '"f ""g""",7,8', '"h",9,10', '"i\nj",11,12', '"",13,14'];
    const { texts } = replay(write("cells.csv", `s,y,x\n${rows.join("\n")}\n`), { REPLAY_SERIES: "s" });
    assert.deepEqual(texts, [
      " a b : [0, 1, 2]",
      "c: [0, 3, 4]",
      "d,e: [0, 5, 6]",
      'f "g": [0, 7, 8]',
      "h: [0, 9, 10]",
      "i\nj: [0, 11, 12]",
      ": [0, 13, 14]",
    ]);
  });

  it("tell the line of a row whose cells are too many or too few", () => {
    const { texts, lines } = replay(write("cells.csv", 'i,y,x1,n\n0,1,2,"a\nb"\n\n1,2,3,c,\n2,3\n3,4,5,d\n'), {
      REPLAY_FEATURES: "x1",
    });
    assert.deepEqual(texts, ["cells: [0, 1, 2]", "cells: [3, 4, 5]"]);
    assert.deepEqual(lines.slice(1, 3), ["5 cells", "6 cells"]);
  });

  it("lose the rows alone whose quotes are faulty, and what follows a quote that is never closed", () => {
    const { texts, lines } = replay(write("quotes.csv", 'y,x\n1,2\n3"3,4\n5,6\n7,"8"9\n9,10\n11,"12\n13,14\n'));
    assert.deepEqual(texts, ["quotes: [0, 1, 2]", "quotes: [1, 5, 6]", "quotes: [2, 9, 10]"]);
    assert.deepEqual(lines.slice(1, 4), ["3 quotes", "5 quotes", "7 quotes"]);
  });

  it("are detected: separator, decimal comma, byte order mark, Latin-1", () => {
    const rows = ["shop;price;a", "Köln;1,5;-0,25", "Kön;2;3,0"];
    const text = `${rows.join("\r\n")}\r\n`;
    const environment = { REPLAY_TARGET: "price", REPLAY_SERIES: "shop" };
    const expected = ["Köln: [0, 1.5, -0.25]", "Kön: [0, 2, 3.0]"];
    const utf8 = replay(write("utf8.csv", `\ufeff${text}`), environment);
    assert.deepEqual(utf8.texts, expected);
    assert.match(utf8.lines[0], /semicolon between cells, decimal comma, UTF-8, 3 columns/);
    const latin1 = replay(write("latin1.csv", Buffer.from(text, "latin1")), environment);
    assert.deepEqual(latin1.texts, expected);
    assert.match(latin1.lines[0], /Latin-1/);
    for (const separator of [",", "\t", "|"]) {
      const path = write("separated.csv", `y${separator}a\n1${separator}2.5\n`);
      assert.deepEqual(replay(path).texts, ["separated: [0, 1, 2.5]"]);
    }
  });

  it("are refused where the encoding is stated and bytes are not of it, and never merge two names", () => {
    const rows = ["s,y,x", "K\xf6ln,1,2", "K\xfcln,3,4", "Bonn,5,6"];
    const path = write("strict.csv", Buffer.from(rows.join("\n"), "latin1"));
    const { texts, lines } = replay(path, { REPLAY_SERIES: "s", REPLAY_ENCODING: "utf-8" });
    assert.deepEqual(texts, ["Bonn: [0, 5, 6]"]);
    assert.deepEqual(lines.slice(1, 3), ["2 not-text", "3 not-text"]);
    assert.match(
      fault(write("wide.csv", Buffer.from("y,x\n1,2\n", "utf16le").subarray())) ?? "UTF-16",
      /UTF-16|expected/,
    );
  });

  it("whose column holds text are refused before anything is sent, with the line", () => {
    const path = write("text.csv", "y,x,note\n1,2,ok\n2,3,fine\n");
    assert.match(fault(path) ?? "", /column note holds no numbers: line 2 has "ok"/);
    assert.deepEqual(replay(path, { REPLAY_FEATURES: "x" }).texts, ["text: [0, 1, 2]", "text: [1, 2, 3]"]);
  });

  it("that are packed give what they hold, and are refused where they end early", () => {
    const text = `y,x\n${Array.from({ length: 20_000 }, (_, k) => `${k},${k * k}\n`).join("")}`;
    const expected = replay(write("packed.csv", text)).texts;
    assert.equal(expected.length, 20_000);
    const packed = gzipSync(text);
    const resumed = memoryStore(counterCodec);
    assert.deepEqual(replay(write("packed.csv.gz", packed)).texts, expected);
    new Replay(write("packed.csv.gz", packed), {}, resumed).run();
    assert.equal(new Replay(join(directory, "packed.csv.gz"), {}, resumed).run().records.length, 0);
    assert.throws(() => replay(write("cut.csv.gz", packed.subarray(0, packed.length - 100))));
    // Of zstd -19, from `y,x\n1,2\n3,4\n`.
    const zstd = readFileSync(join(root, "test/data/small.csv.zst"));
    assert.deepEqual(replay(write("small.csv.zst", zstd)).texts, ["small: [0, 1, 2]", "small: [1, 3, 4]"]);
  });

  it("that are still written are read as far as lines are whole, and to their end once they rest", () => {
    const text = `y,x\n${Array.from({ length: 60 }, (_, k) => `${k}.123456,${k}.654321\n`).join("")}`;
    const path = write("growing.csv", text.slice(0, 95));
    const task = new Replay(path).run(1);
    for (let at = 95; at < text.length; at += 97) {
      appendFileSync(path, text.slice(at, at + 97));
      task.run(SETTLE_MS / 4);
      assert.notEqual(task.progress?.done, true);
    }
    task.run();
    assert.deepEqual(
      task.texts,
      Array.from({ length: 60 }, (_, k) => `growing: [${k}, ${k}.123456, ${k}.654321]`),
    );
    assert.equal(task.progress?.done, true);
    appendFileSync(path, "7,8\n");
    // A row whose line is ended does not wait until the file rests.
    assert.equal(task.run(1).texts.at(-1), "growing: [60, 7, 8]");
    assert.equal(task.progress?.done, false);
    assert.equal(task.run().progress?.done, true);
  });

  it("of one name in two folders are two files; one whose head changed is refused with what was sent of it", () => {
    const counters = memoryStore(counterCodec);
    for (const [month, rows] of Object.entries({ january: 10, february: 30 })) {
      mkdirSync(join(directory, month));
      const path = write(
        `${month}/data.csv`,
        `i,y,x1\n${Array.from({ length: rows }, (_, k) => `${k},1,2\n`).join("")}`,
      );
      assert.equal(new Replay(path, {}, counters).run().records.length, rows);
    }
    const path = write("january/data.csv", `i,y,x1\n${"5,6,7\n".repeat(40)}`);
    assert.throws(
      () => new Replay(path, {}, counters),
      /10 rows of it were sent since .*, but it begins with other bytes/,
    );
  });

  it("may hold cells of any size: the row is refused, the rest is read, and memory stays", () => {
    const path = write("wide.csv", `y,x,note\n1,2,"${"a,b\n".repeat(40_000)}"\n3,4,${"x".repeat(3_000_000)}\n5,6,ok\n`);
    const { texts, lines } = replay(path, { REPLAY_FEATURES: "x" });
    assert.equal(texts.at(-1), "wide: [0, 5, 6]");
    assert.equal(texts.length, 1);
    assert.equal(lines[1], "2 too-long");
  });

  it("are read as Python's csv module reads them, or refused with their line", () => {
    const golden = JSON.parse(readFileSync(join(root, "test/parity/golden/csv_rows.json"), "utf8")) as GoldenCsv[];
    for (const { text, rows } of golden) {
      const { records, progress } = replay(write("fuzz.csv", text), { REPLAY_FEATURES: "x", REPLAY_SERIES: "s" });
      const expected = rows.filter((row) => row.length === 4).map(([s, y, x]) => `${s}: ${y}, ${x}]`);
      const sent = records.map(({ key, value }) => `${key}: ${value.slice(value.indexOf(",") + 2)}`);
      // What is sent is what Python reads, in its order; the rest is told as refused.
      let at = 0;
      for (const row of sent) {
        at = expected.indexOf(row, at) + 1;
        assert.notEqual(at, 0, JSON.stringify({ text, row }));
      }
      const refused = Object.values(progress?.refused ?? {}).reduce((sum, count) => sum + count, 0);
      assert.ok(sent.length === rows.length || refused > 0, JSON.stringify({ text, sent, rows }));
    }
  });
});
