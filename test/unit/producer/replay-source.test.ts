import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Counter, counterCodec } from "../../../services/producer/counters.js";
import { progressKey, replaySource, SETTLE_MS } from "../../../services/producer/replay-source.js";
import { producer } from "../../../services/producer/service.js";
import { readSettings } from "../../../shared/config.js";
import { ConfigurationError } from "../../../shared/errors.js";
import { type ForwardedRecord, type MemoryStore, memoryContext, memoryStore } from "../../driver/task-context.js";

describe("replay", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-replay-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  function writeFile(name: string, lines: readonly string[]): string {
    const path = join(directory, name);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
    return path;
  }

  const settingsOf = (path: string, environment: Readonly<Record<string, string>>) =>
    readSettings(producer.settings, { REPLAY_FILE: path, RATE: "1000", ...environment });

  /** A task that replays the file under the other settings, with a clock of its own that goes on before each call. */
  function startTask(
    path: string,
    environment: Readonly<Record<string, string>>,
    forwarded: ForwardedRecord[],
    counters: MemoryStore<Counter> = memoryStore(counterCodec),
    partition = 0,
    warn: (fields: Readonly<Record<string, unknown>>) => void = () => {},
  ) {
    const context = memoryContext(settingsOf(path, environment), { counters }, undefined, forwarded);
    const source = replaySource(partition, { ...context, warn });
    let nowMs = 0;
    source.generate(nowMs, 1);
    // The file is whole by then.
    nowMs += SETTLE_MS;
    source.generate(nowMs, 0);
    return {
      generate(limit: number, elapsedMs = 1000): number {
        nowMs += elapsedMs;
        return source.generate(nowMs, limit);
      },
    };
  }

  /** What a whole file gives: its records, and the lines that are refused. */
  function replayTold(path: string, environment: Readonly<Record<string, string>> = {}) {
    const records: ForwardedRecord[] = [];
    const told: { line: number; reason: string }[] = [];
    const task = startTask(path, environment, records, undefined, 0, ({ line, reason }) => {
      if (line !== undefined) told.push({ line: Number(line), reason: String(reason) });
    });
    while (task.generate(1000) > 0);
    return { records, told };
  }

  const replay = (path: string, environment: Readonly<Record<string, string>> = {}) =>
    replayTold(path, environment).records;

  const brief = (records: readonly ForwardedRecord[]) => records.map(({ key, value }) => `${key}: ${value}`);

  it("makes of a CSV file one series that bears its name, y by its column, the other columns in order, i counted", () => {
    const path = writeFile("bikes.csv", ["temp,y,wind", "20.5,3,-1e-3", "19, 4.25 ,0"]);
    assert.deepEqual(replay(path), [
      { topic: "dataLinearModel", key: "bikes", value: "[0, 3, 20.5, -1e-3]" },
      { topic: "dataLinearModel", key: "bikes", value: "[1, 4.25, 19, 0]" },
    ]);
  });

  it("takes topic, target, features and series from the columns that are named, and i from a column i", () => {
    const path = writeFile("sites.csv", [
      "site,i,load,a,b,c",
      "north,7,1,2,3,4",
      '"south, east",9,5,6,7,8',
      "north,8,1,2,3,4",
    ]);
    const environment = {
      REPLAY_TOPIC: "load",
      REPLAY_TARGET: "load",
      REPLAY_FEATURES: "c,a",
      REPLAY_SERIES: "site",
    };
    const records = replay(path, environment);
    assert.deepEqual(brief(records), ["north: [7, 1, 4, 2]", "south, east: [9, 5, 8, 6]", "north: [8, 1, 4, 2]"]);
    assert.ok(records.every(({ topic }) => topic === "load"));
  });

  it("counts i for each series by itself", () => {
    const path = writeFile("two.csv", ["s,y,x", "a,1,1", "b,1,1", "a,2,2", "a,3,3", "b,2,2"]);
    assert.deepEqual(brief(replay(path, { REPLAY_SERIES: "s" })), [
      "a: [0, 1, 1]",
      "b: [0, 1, 1]",
      "a: [1, 2, 2]",
      "a: [2, 3, 3]",
      "b: [1, 2, 2]",
    ]);
  });

  it("refuses what is no observation, tells its line and reason, and goes on", () => {
    const bad: readonly (readonly [string, string])[] = [
      ["1", "cells"],
      ["1,2,3", "cells"],
      ['a"b,2', "quotes"],
      ["1,NaN", "missing"],
      ["1,", "missing"],
      ['1,"2,3"', "not-a-number"],
      ['1,"[2]"', "not-a-number"],
      ["1,two words", "not-a-number"],
      ["1,0x10", "not-a-number"],
      ["1,1e999", "not-finite"],
    ];
    const path = writeFile("bad.csv", ["y,x", "1,2", ...bad.flatMap(([line]) => [line, "3,4"])]);
    const { records, told } = replayTold(path);
    assert.deepEqual(
      records.map(({ value }) => value),
      ["[0, 1, 2]", ...bad.map((_, k) => `[${k + 1}, 3, 4]`)],
    );
    // The names stand in line 1, and the first bad row in line 3.
    assert.deepEqual(
      told,
      bad.map(([, reason], k) => ({ line: 3 + 2 * k, reason })),
    );
  });

  it("reads quoted line ends as part of a cell, and CR as a line end", () => {
    const quotes = writeFile("quotes.csv", ["y,x,note", '1,2,"a', 'b,""c"""', "3,4,d"]);
    assert.deepEqual(brief(replay(quotes, { REPLAY_FEATURES: "x" })), ["quotes: [0, 1, 2]", "quotes: [1, 3, 4]"]);
    const returns = join(directory, "returns.csv");
    writeFileSync(returns, "y,x\r1,2\r3,4\r");
    assert.deepEqual(brief(replay(returns)), ["returns: [0, 1, 2]", "returns: [1, 3, 4]"]);
  });

  it("forwards JSON lists as they stand, and JSON objects by the members that are asked for", () => {
    const lists = writeFile("lists.jsonl", ["[0, 1.50, 2]", "[1, 2, 3]", "broken"]);
    assert.deepEqual(brief(replay(lists)), ["lists: [0, 1.50, 2]", "lists: [1, 2, 3]"]);
    const objects = writeFile("objects.jsonl", [
      '{"y": 1, "b": -0, "a": 1e21, "note": 5}',
      '{"note": 5, "a": 3, "y": 2, "b": 4}',
      '{"y": 2, "b": 4}',
    ]);
    assert.deepEqual(brief(replay(objects, { REPLAY_FEATURES: "b,a" })), [
      "objects: [0, 1, -0, 1e21]",
      "objects: [1, 2, 4, 3]",
    ]);
  });

  it("keeps for JSON objects the order of features of the first line", () => {
    const path = writeFile("order.jsonl", ['{"b": 1, "y": 2, "a": 3}', '{"a": 3, "b": 1, "y": 2}']);
    assert.deepEqual(brief(replay(path)), ["order: [0, 2, 1, 3]", "order: [1, 2, 1, 3]"]);
  });

  it("replays a saved topic of observations, each under its series", () => {
    const path = writeFile("saved.jsonl", [
      '{"topic":"t","series":"s1","i":5,"y":-0.5,"x":[1,2]}',
      '{"topic":"t","series":"s2","i":6,"y":1,"x":[3,4]}',
    ]);
    assert.deepEqual(brief(replay(path, { REPLAY_SERIES: "series" })), ["s1: [5, -0.5, 1, 2]", "s2: [6, 1, 3, 4]"]);
  });

  it("refuses a JSON line that names no series, where a column names the series", () => {
    const lines = [
      '{"s":1,"y":1,"a":2}',
      '{"y":1,"a":2}',
      '{"s":null,"y":1,"a":2}',
      '{"s":["b"],"y":1,"a":2}',
      "[0,1,2]",
    ];
    const { records, told } = replayTold(writeFile("unnamed.jsonl", lines), { REPLAY_SERIES: "s" });
    assert.deepEqual(brief(records), ["1: [0, 1, 2]"]);
    assert.deepEqual(
      told,
      [2, 3, 4, 5].map((line) => ({ line, reason: "no-series" })),
    );
  });

  it("goes on at its line after restarts, and repeats what an abort took back", () => {
    const path = writeFile("resume.csv", ["y,x", ...Array.from({ length: 5000 }, (_, k) => `${k},${k * 2}`)]);
    const undisturbed = replay(path);
    assert.equal(undisturbed.length, 5000);
    const forwarded: ForwardedRecord[] = [];
    const counters = memoryStore(counterCodec);
    for (const limit of [1, 999, 3, 500]) {
      const task = startTask(path, {}, forwarded, counters);
      task.generate(limit);
      counters.commit();
      const committed = forwarded.length;
      task.generate(77);
      counters.abort();
      forwarded.length = committed;
      task.generate(11);
      counters.commit();
    }
    const task = startTask(path, {}, forwarded, counters);
    while (task.generate(1000) > 0);
    assert.deepEqual(forwarded, undisturbed);
    assert.deepEqual(counters.keys(), ["dataLinearModel/resume", progressKey(settingsOf(path, {}))]);
  });

  it("keeps to the rate and to the limit, and leaves other tasks nothing to do", () => {
    const path = writeFile("rate.csv", ["y,x", ...Array.from({ length: 100 }, () => "1,2")]);
    const task = startTask(path, { RATE: "20" }, []);
    assert.deepEqual(
      [task.generate(1000), task.generate(1000, 0), task.generate(5), task.generate(1000, 0)],
      [20, 0, 5, 15],
    );
    assert.equal(startTask(path, {}, [], memoryStore(counterCodec), 1).generate(1000), 0);
  });

  it("says what is wrong with a file before it forwards anything", () => {
    const refused = (path: string, environment: Readonly<Record<string, string>>, message: RegExp) =>
      assert.throws(
        () => startTask(path, environment, []),
        (error) => error instanceof ConfigurationError && message.test(error.message),
        String(message),
      );
    const path = writeFile("refused.csv", ["a,b,b,y", "1,2,3,4"]);
    refused(join(directory, "absent.csv"), {}, /REPLAY_FILE=.*absent\.csv: ENOENT/);
    refused(writeFile("empty.csv", []), {}, /empty\.csv: expected lines, got an empty file/);
    refused(path, { REPLAY_TARGET: "z" }, /expected one column z, one column b, got the columns a, b, b, y/);
    refused(path, { REPLAY_FEATURES: "a,b" }, /expected one column b, got/);
    refused(path, { REPLAY_SERIES: "s" }, /expected one column s, one column b, got/);
    refused(writeFile("refused.jsonl", ['{"a": 1}']), {}, /expected one column y, got the columns a/);
  });

  it("refuses a file that is shorter than what was replayed under its name", () => {
    const path = writeFile("shrunk.csv", ["y,x", "1,2", "3,4"]);
    const counters = memoryStore(counterCodec);
    startTask(path, {}, [], counters).generate(1000);
    counters.commit();
    truncateSync(path, 8);
    assert.throws(
      () => startTask(path, {}, [], counters),
      /2 rows of it were sent since .*, up to byte 12, but it is shorter now/,
    );
  });
});
