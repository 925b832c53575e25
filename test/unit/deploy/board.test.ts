import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import type { DeadLetterRecord } from "../../../deploy/cli/dead-letter.js";
import { type BoardModel, renderBoard, renderFinal, renderLines, rowsThatFit } from "../../../deploy/local/board.js";
import { MseHistory } from "../../../deploy/local/mse-history.js";
import { NewsDesk } from "../../../deploy/local/race-news.js";
import { summarize } from "../../../deploy/local/race-summary.js";
import { newRaceView, see } from "../../../deploy/local/race-view.js";
import { widthOf } from "../../../deploy/text-width.js";
import type { Verdict } from "../../../shared/contract/verdict-schemas.js";
import { verdictOf } from "../../support/data/page-records.js";

/** A terminal so wide, without colours. */
const frame = (columns: number, lines = 24) => ({ columns, lines, colours: false });

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
    history: new MseHistory(),
    news: new NewsDesk().news,
    services,
    notices: ["first", "second", "third ".repeat(40)],
    stopping: false,
    page: { number: 1, of: 1 },
  };
  return { text: renderBoard(model, frame(columns, lines)), model };
}

const ESCAPE = "\u001b[";

function verdict(given: Partial<Verdict>): Verdict {
  return { ...verdictOf("t", "s0", 1), champion: "rls1", lower: null, upper: null, ...given };
}

function letter(given: Partial<DeadLetterRecord>): DeadLetterRecord {
  return {
    ...{ topic: "dead-letters", partition: 0, offset: 0, reason: "reason", message: "", service: "deserializer" },
    ...{ origin: { topic: "raw", partition: 1, offset: 7 }, timestamp: 0, key: null, value: null },
    ...{ headers: [], isEnvelope: false },
    ...given,
  };
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
      "dataLinearModel records leader by rls1 mse rls2 mse y yhat".split(" "),
    );
    assert.deepEqual(wordsOf(text, "s1"), [
      "s1",
      "1,234",
      "rls1",
      "67",
      "%",
      "0.50000",
      "1.5000",
      "0.12500",
      "0.25000",
    ]);
  });

  it("shows of each service its state, throughput, lag (0 is a lag) and where its metrics are", () => {
    const { text } = boardOf(1, ["rls1"]);
    assert.deepEqual(wordsOf(text, "producer"), ["producer", "running", "100", "-", "http://127.0.0.1:9464/metrics"]);
    assert.deepEqual(wordsOf(text, "rls-racer"), ["rls-racer", "running", "100", "0", "http://127.0.0.1:9466/metrics"]);
    const narrow = renderBoard(boardOf(1, ["rls1"]).model, frame(40));
    assert.deepEqual(wordsOf(narrow, "rls-racer"), ["rls-racer", "running", "100", "0"]);
    assert.deepEqual(wordsOf(renderBoard(boardOf(1, ["rls1"]).model, frame(30)), "rls-racer"), [
      "rls-racer",
      "running",
      "0",
    ]);
    assert.match(text, /^Regatta {2}01:02:03 {2}Kafka 127\.0\.0\.1:9092$/m);
  });

  it("leaves a line free on any terminal from 20 by 24 on, and is never wider", () => {
    const many = Array.from({ length: 30 }, (_, k) => `model${k}`);
    for (const [columns, lines] of [
      [20, 24],
      [40, 24],
      [53, 30],
      [80, 24],
      [80, 25],
      [132, 50],
      [200, 24],
    ]) {
      for (const series of [0, 1, 10, 1000]) {
        for (const models of [["a"], ["rls1", "rls2"], many]) {
          const shown = boardOf(series, models, columns, lines).text.split("\n");
          assert.ok(shown.length < lines, `${shown.length} of ${lines} lines with ${series} series`);
          assert.ok(Math.max(...shown.map(widthOf)) <= columns, shown.join("\n"));
        }
      }
    }
  });

  it("leaves out what is less important where there is no room: first the newest y, last the champion", () => {
    const five = ["rls1", "rls2", "rf", "lin", "gb"];
    const { model } = boardOf(1, five);
    const verdicts = [verdict({ challenger: "rls2", evidence: 1, gap: -0.1 })];
    const races = model.races.map((race) => ({ ...race, rows: [{ ...race.rows[0], verdicts }] }));
    const heads = (columns: number) =>
      wordsOf(renderBoard({ ...model, races }, frame(columns)), "dataLinearModel")
        .slice(1)
        .join(" ");
    const scores = "rls1 mse rls2 mse rf mse lin mse gb mse";
    assert.equal(heads(140), `records leader by ${scores} champion gap evidence y yhat`);
    assert.equal(heads(120), `records leader by ${scores} champion gap evidence`);
    assert.equal(heads(104), `records leader by ${scores} champion gap`);
    assert.equal(heads(96), `records leader ${scores} champion gap`);
    assert.equal(heads(86), `leader ${scores} champion gap`);
    assert.equal(heads(64), "leader rls1 mse rls2 mse champion gap");
    assert.equal(heads(40), "leader champion");
    assert.equal(heads(30), "leader");
  });

  it("shows the champion of each series, how far its strongest challenger is, and the evidence that has of what it takes", () => {
    const { model } = boardOf(2, ["rls1", "rls2"]);
    const verdicts = [
      verdict({ champion: "gb", challenger: "rf", evidence: 1234, threshold: 40, gap: -0.3, lower: -0.4, upper: -0.2 }),
      verdict({ challenger: "rls2", evidence: 1.26, gap: 0.0123, lower: -0.1, upper: 0.2 }),
      verdict({ champion: "alone", challenger: null, evidence: null, threshold: 0, gap: null }),
    ];
    const races = model.races.map((race) => ({ ...race, rows: [{ ...race.rows[0], verdicts }, race.rows[1]] }));
    const wide = renderBoard({ ...model, races }, frame(160));
    assert.equal(wordsOf(wide, "dataLinearModel").slice(-5).join(" "), "champion gap evidence y yhat");
    assert.match(
      wide,
      /^s0 .* gb, rls1, alone {2}-0\.300 sure, 0\.012, - {2}rf 1000\+\/40, rls2 1\.3\/20, - {2}0\.12500 {2}0\.25000$/m,
    );
    assert.match(wide, /^s1 .* - {2,}- {2,}- {2,}0\.12500 {2}0\.25000$/m);
  });

  it("paints what is good and bad, and shows the same text without colours", () => {
    const { model } = boardOf(3, ["rls1", "rls2"]);
    const bad = {
      ...model,
      services: model.services.map((row, k) => ({ ...row, state: k === 0 ? "waiting" : row.state })),
    };
    for (const columns of [20, 40, 80, 120]) {
      const coloured = renderBoard(bad, { ...frame(columns), colours: true });
      const plain = renderBoard(bad, frame(columns));
      assert.ok(!plain.includes(ESCAPE));
      assert.equal(stripVTControlCharacters(coloured), plain);
    }
    const coloured = renderBoard(bad, { ...frame(80), colours: true });
    for (const part of ["[33mwaiting", "[32mrunning", "[32m0.50000"])
      assert.ok(coloured.includes(`\u001b${part}\u001b[39m`), part);
    assert.ok(!coloured.includes("[32m1.5000"));
  });

  it("shows how good each model was lately, as bars of one scale, and the series that it leads", () => {
    const { model } = boardOf(5, ["rls1", "rls2"]);
    const history = new MseHistory();
    const scored = (n: number, a: number, b: number) => [
      {
        ...model.races[0],
        models: model.races[0].models.map((row, k) => ({ ...row, scored: n, squaredErrors: [a, b][k] })),
      },
    ];
    history.take(0, scored(10, 100, 100));
    history.take(1000, scored(15, 1000, 1000));
    history.take(4000, scored(20, 100 + 10 * 8, 100 + 10 * 1));
    history.take(8000, scored(20, 180, 110));
    history.take(12_000, scored(30, 180 + 10 * 4, 110 + 10 * 0));
    const lineOf = (columns: number) =>
      wordsOf(renderBoard({ ...model, history }, frame(columns)), "mse lately").join(" ");
    assert.equal(lineOf(80), "mse lately: rls1 █ ▅ leads 5, rls2 ▂ ▁ leads 0 of 5");
    assert.equal(lineOf(40), "mse lately: rls1 █ ▅, rls2 ▂ ▁");
  });

  it("shows the newest change of a champion, and dead letters with the newest reason", () => {
    const desk = new NewsDesk();
    const shown = () => renderBoard({ ...boardOf(1, ["a"]).model, news: desk.news }, frame(120));
    assert.match(shown(), /^champions: no change yet\ndead letters: none$/m);
    desk.takeVerdict(verdict({ decision: "switch", champion: "gb", from: "rf", i: 1204 }), 5000);
    desk.takeVerdict(verdict({ decision: "switch", champion: "old", from: "older", i: 9 }), 4000);
    desk.takeVerdict(verdict({ decision: "keep", champion: "kept" }), 6000);
    desk.takeLetter(letter({ offset: 0, reason: "first", timestamp: 7000 }));
    desk.takeLetter(letter({ offset: 2, reason: "not-an-observation", timestamp: 9000 }));
    desk.takeLetter(letter({ offset: 3, reason: "older", timestamp: 8000 }));
    assert.match(shown(), /^champions: gb of t\/s0 after rf, at i 1,204$/m);
    assert.match(shown(), /^dead letters: 3, newest: not-an-observation of raw\[1\]@7 \(deserializer\)$/m);
    desk.takeLetter(letter({ partition: 1, offset: 40, reason: "other", timestamp: 9000 }));
    assert.match(shown(), /^dead letters: 4 and older ones, newest: other of /m);
  });

  it("tells news in a log once", () => {
    const desk = new NewsDesk();
    const { model } = boardOf(1, ["a"]);
    const quiet = { ...model, news: desk.news };
    assert.equal(renderLines(quiet, undefined).length, 1);
    desk.takeVerdict(verdict({ decision: "switch", champion: "gb", from: "rf", i: 1204 }), 5000);
    desk.takeLetter(letter({}));
    const news = { ...model, elapsedMs: model.elapsedMs + 5000, news: desk.news };
    assert.deepEqual(renderLines(news, quiet).slice(1), [
      "01:02:08 champions: gb of t/s0 after rf, at i 1,204",
      "01:02:08 dead letters: 1, newest: reason of raw[1]@7 (deserializer)",
    ]);
    assert.equal(renderLines({ ...news, elapsedMs: news.elapsedMs + 5000 }, news).length, 1);
  });

  it("says which series are shown where that is not all, and which keys turn pages", () => {
    const { model } = boardOf(200, ["a"]);
    const races = model.races.map((race) => ({ ...race, skipped: 20 }));
    const text = renderBoard({ ...model, races, page: { number: 3, of: 20 } }, frame(100));
    assert.match(text, /^dataLinearModel 21-\d+ of 200 /m);
    assert.match(text, /^Page 3 of 20: n next, p back\. Ctrl-C stops\. Logs: \.local\/log$/m);
    assert.doesNotMatch(boardOf(1, ["a"]).text, /Page|1-1/);
    assert.match(renderBoard({ ...model, races }, frame(40)), /^dataLinearModel {2}leader/m);
  });

  it("shows how far a file is below its title, and in a log as a line of its own", () => {
    const { model } = boardOf(1, ["a"]);
    const counts = { rows: 100, sent: 100, refused: {}, lag: 50 };
    const progress = { name: "data.csv", bytes: 1000, readBytes: 500, ...counts, done: false, forecast: false };
    const [, second] = renderBoard({ ...model, progress }, frame(80)).split("\n");
    assert.equal(second, `${"█".repeat(8)}${"░".repeat(22)} data.csv 25 %: 50 of 100 rows sent so far`);
    const [first] = renderLines({ ...model, progress }, undefined);
    assert.equal(first, "01:02:03 data.csv 25 %: 50 of 100 rows sent so far");
  });

  it("counts at the end the series and models that it has no room for", () => {
    const final = (series: number, columns: number) =>
      renderFinal(boardOf(series, ["a", "b", "c", "d", "e", "f", "g", "h"], 80, 60).model.races, columns);
    assert.match(final(1000, 80), /^and 956 more series; leaders of all: a 1,000, b 0, .*$/m);
    assert.match(final(3, 80), /^\d more models$/m);
    assert.doesNotMatch(final(3, 200), /more|lately|by/);
    assert.deepEqual(wordsOf(final(3, 40), "dataLinearModel"), ["dataLinearModel", "records", "leader"]);
  });

  it("lets no name, notice or file command the terminal, or make a line of its own", () => {
    const hostile = "\u001b[2J\u001b]0;x\u0007a\nb\r\nc\0\u009b1A\u202e\u2028";
    const view = newRaceView();
    const totals = { i: 1, n: 2, y: 1, yhat: 1, error: 0, mse: 0.5 };
    for (const series of [hostile, "s"]) see(view, { topic: hostile, series, model: hostile, ...totals });
    const judged = verdict({ topic: hostile, series: hostile, champion: hostile, challenger: hostile, from: hostile });
    const desk = new NewsDesk();
    desk.takeVerdict({ ...judged, decision: "switch" });
    desk.takeLetter(letter({ reason: hostile, service: hostile, origin: { topic: hostile } }));
    const races = summarize(view, 5).map((race) => ({
      ...race,
      rows: race.rows.map((row) => ({ ...row, verdicts: [judged] })),
    }));
    const counts = { rows: 1, sent: 1, refused: {}, lag: 0, bytes: 10, readBytes: 5 };
    const progress = { name: hostile, ...counts, done: false, forecast: false };
    const { model } = boardOf(1, ["a"]);
    const hostileModel = { ...model, races, progress, news: desk.news, notices: [hostile], brokers: hostile };
    const tame = boardOf(2, ["a"]).text.split("\n").length;
    for (const columns of [40, 80, 200]) {
      const board = renderBoard(hostileModel, frame(columns));
      const coloured = renderBoard(hostileModel, { ...frame(columns), colours: true });
      assert.equal(stripVTControlCharacters(coloured), board);
      assert.match(board, /\\x1b\[2J/);
      assert.ok(board.split("\n").length <= tame);
      for (const line of [...board.split("\n"), ...renderFinal(races, columns).split("\n")])
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
    for (const line of renderLines(hostileModel, undefined)) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it("shows the last two notices, in a low terminal the last one", () => {
    const { text } = boardOf(1, ["a"], 80, 28);
    assert.doesNotMatch(text, /first/);
    assert.match(text, /^second\nthird third .*…$/m);
    assert.doesNotMatch(boardOf(1, ["a"]).text, /second/);
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
