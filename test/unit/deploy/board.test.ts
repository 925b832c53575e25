import assert from "node:assert/strict";
import { type BoardModel, renderBoard, renderFinal, renderLines, rowsThatFit } from "../../../deploy/local/board.js";
import { newRaceView, see, summarize } from "../../../deploy/local/race-view.js";

/** Scores and targets that are easy to find again. */
function boardOf(
  series: number,
  models: readonly string[],
  columns = 80,
  lines = 24,
): { text: string; model: BoardModel } {
  const view = newRaceView();
  for (let k = 0; k < series; k++) {
    for (const [m, model] of models.entries()) {
      const totals = { i: 1233, n: 1234, y: 0.125, yhat: 0.25, error: -0.125, mse: 0.5 + m };
      see(view, { topic: "dataLinearModel", series: `s${k}`, model, ...totals });
    }
  }
  const services = ["producer", "deserializer", "rls-racer"].map((name, k) => ({
    name,
    state: "running",
    recordsPerSecond: 99.6,
    lagRecords: k === 0 ? undefined : 0,
    url: `http://127.0.0.1:${9464 + k}`,
  }));
  const model: BoardModel = {
    elapsedMs: 3_723_999,
    brokers: "127.0.0.1:9092",
    logDirectory: ".local/log",
    races: summarize(view, rowsThatFit(lines, 1, services.length)),
    services,
    notices: ["first", "second", "third ".repeat(40)],
    stopping: false,
  };
  return { text: renderBoard(model, columns), model };
}

/** The words of the line that begins with `word`. */
function wordsOf(text: string, word: string): string[] {
  return (text.split("\n").find((line) => line.startsWith(word)) ?? "").trim().split(/\s+/);
}

describe("the board", () => {
  it("shows of each series its records, leader, scores, last y and its forecast", () => {
    const { text } = boardOf(2, ["rls1", "rls2"]);
    assert.deepEqual(
      wordsOf(text, "dataLinearModel"),
      "dataLinearModel records leader rls1 mse rls2 mse y yhat".split(" "),
    );
    assert.deepEqual(wordsOf(text, "s1"), ["s1", "1,234", "rls1", "0.50000", "1.5000", "0.12500", "0.25000"]);
  });

  it("shows of each service its state, throughput, lag (0 is a lag) and where its metrics are", () => {
    const { text } = boardOf(1, ["rls1"]);
    assert.deepEqual(wordsOf(text, "producer"), ["producer", "running", "100", "-", "http://127.0.0.1:9464/metrics"]);
    assert.deepEqual(wordsOf(text, "rls-racer"), ["rls-racer", "running", "100", "0", "http://127.0.0.1:9466/metrics"]);
    assert.match(text, /^State of each: .* http:\/\/127\.0\.0\.1:9466\/state$/m);
    assert.match(text, /^Regatta {2}01:02:03 {2}Kafka 127\.0\.0\.1:9092$/m);
  });

  it("leaves a line free on any terminal from 80 by 24 on, and is never wider", () => {
    const many = Array.from({ length: 30 }, (_, k) => `model${k}`);
    for (const [columns, lines] of [
      [80, 24],
      [80, 25],
      [132, 50],
      [200, 24],
    ]) {
      for (const series of [0, 1, 10, 1000]) {
        for (const models of [["a"], ["rls1", "rls2"], many]) {
          const shown = boardOf(series, models, columns, lines).text.split("\n");
          assert.ok(shown.length < lines, `${shown.length} of ${lines} lines with ${series} series`);
          assert.ok(Math.max(...shown.map((line) => line.length)) <= columns, shown.join("\n"));
        }
      }
    }
  });

  it("leaves the newest y and its forecast out before it leaves out a model", () => {
    const five = ["rls1", "rls2", "rf", "lin", "gb"];
    const { text } = boardOf(1, five);
    const heads = five.flatMap((model) => [model, "mse"]);
    assert.deepEqual(wordsOf(text, "dataLinearModel"), ["dataLinearModel", "records", "leader", ...heads]);
    assert.equal(wordsOf(boardOf(1, five, 120).text, "dataLinearModel").at(-1), "yhat");
  });

  it("shows the champion of each series, its strongest challenger, and how much of the evidence that has that it takes", () => {
    const { model } = boardOf(2, ["rls1", "rls2"]);
    const verdicts = [
      { champion: "gb", challenger: "rf", evidence: 1234, threshold: 40 },
      { champion: "rls1", challenger: "rls2", evidence: 1.26, threshold: 20 },
      { champion: "alone", challenger: null, evidence: null, threshold: 0 },
    ];
    const races = model.races.map((race) => ({ ...race, rows: [{ ...race.rows[0], verdicts }, race.rows[1]] }));
    const wide = renderBoard({ ...model, races }, 140);
    assert.equal(wordsOf(wide, "dataLinearModel").slice(-4).join(" "), "champion evidence y yhat");
    assert.match(wide, /^s0 .* gb, rls1, alone {2}rf 1000\+\/40, rls2 1\.3\/20, - {2}0\.12500 {2}0\.25000$/m);
    assert.match(wide, /^s1 .* - {2,}- {2,}0\.12500 {2}0\.25000$/m);
    const narrower = renderBoard({ ...model, races }, 100);
    assert.equal(wordsOf(narrower, "dataLinearModel").at(-1), "evidence", "the newest y gives way first");
    assert.equal(wordsOf(renderBoard({ ...model, races }, 60), "dataLinearModel").at(-1), "mse");
  });

  it("shows how far a file is below its title, and in a log as a line of its own", () => {
    const { model } = boardOf(1, ["a"]);
    const counts = { rows: 100, sent: 100, refused: {}, lag: 50 };
    const progress = { name: "data.csv", bytes: 1000, readBytes: 500, ...counts, done: false, forecast: false };
    const [, second] = renderBoard({ ...model, progress }, 80).split("\n");
    assert.equal(second, `${"█".repeat(8)}${"░".repeat(22)} data.csv 25 %: 50 of 100 rows sent so far`);
    const [first] = renderLines({ ...model, progress }, undefined);
    assert.equal(first, "01:02:03 data.csv 25 %: 50 of 100 rows sent so far");
  });

  it("counts the series and models that it has no room for", () => {
    const { text } = boardOf(1000, ["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert.match(text, /^and 991 more series; leaders of all: a 1,000, b 0, .*$/m);
    assert.match(boardOf(3, ["a", "b", "c", "d", "e", "f", "g", "h"]).text, /^\d more models$/m);
  });

  it("lets no name, notice or file command the terminal, or make a line of its own", () => {
    const hostile = "\u001b[2J\u001b]0;x\u0007a\nb\r\nc\0\u009b1A\u202e\u2028";
    const view = newRaceView();
    const totals = { i: 1, n: 2, y: 1, yhat: 1, error: 0, mse: 0.5 };
    for (const series of [hostile, "s"]) see(view, { topic: hostile, series, model: hostile, ...totals });
    const verdict = { champion: hostile, challenger: hostile, evidence: 1, threshold: 20 };
    const races = summarize(view, 5).map((race) => ({
      ...race,
      rows: race.rows.map((row) => ({ ...row, verdicts: [verdict] })),
    }));
    const counts = { rows: 1, sent: 1, refused: {}, lag: 0, bytes: 10, readBytes: 5 };
    const progress = { name: hostile, ...counts, done: false, forecast: false };
    const { model } = boardOf(1, ["a"]);
    const hostileModel = { ...model, races, progress, notices: [hostile], brokers: hostile };
    const tame = boardOf(2, ["a"]).text.split("\n").length;
    for (const columns of [80, 200]) {
      const board = renderBoard(hostileModel, columns);
      assert.match(board, /\\x1b\[2J/);
      assert.ok(board.split("\n").length <= tame);
      for (const line of [...board.split("\n"), ...renderFinal(races, columns).split("\n")])
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
    for (const line of renderLines(hostileModel, undefined)) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it("shows the last two notices", () => {
    const { text } = boardOf(1, ["a"]);
    assert.doesNotMatch(text, /first/);
    assert.match(text, /^second\nthird third .*…$/m);
  });

  it("says that it waits while there is no prediction", () => {
    assert.match(boardOf(0, []).text, /^waiting for the first predictions/m);
    assert.equal(renderFinal([], 80), "No prediction was made.\n");
  });

  it("is one line a model in a log", () => {
    const { model } = boardOf(2, ["rls1", "rls2"]);
    const line = (name: string, mse: string, leads: number, rate: string) =>
      `01:02:03 dataLinearModel ${name}: mse ${mse} (mean), leads ${leads} of 2 series, champion of 0, 2,468 records, ${rate}/s; lag of all services 0`;
    assert.deepEqual(renderLines(model, undefined), [line("rls1", "0.50000", 2, "-"), line("rls2", "1.5000", 0, "-")]);
    const before = {
      ...model,
      elapsedMs: model.elapsedMs - 4000,
      races: model.races.map((race) => ({ ...race, records: race.records - 100 })),
    };
    assert.equal(renderLines(model, before)[0], line("rls1", "0.50000", 2, "25"));
  });
});
