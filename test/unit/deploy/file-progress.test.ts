import assert from "node:assert/strict";
import {
  type FileProgress,
  fractionOf,
  progressBar,
  progressSummary,
  progressText,
} from "../../../deploy/local/file-progress.js";

const half: FileProgress = {
  name: "data.csv",
  bytes: 2000,
  readBytes: 1000,
  rows: 402,
  sent: 400,
  refused: { "not-a-number": 2 },
  lag: 100,
  done: false,
  forecast: false,
};
const whole: FileProgress = { ...half, rows: 1400, sent: 1400, refused: {}, lag: 0, done: true };

describe("the progress of a file", () => {
  it("is the part of the file that is read, times the part of its rows that is forecast", () => {
    assert.equal(fractionOf(half), 0.5 * (300 / 400));
    assert.equal(fractionOf({ ...half, done: true }), 300 / 400);
    assert.equal(fractionOf({ ...half, sent: 0, lag: 0 }), 0);
  });

  it("is not whole while nobody knows that nothing is left", () => {
    assert.ok(fractionOf(whole) < 1);
    assert.equal(progressText(whole), "data.csv 99 %: 1,400 of 1,400 rows; waiting for the last forecasts");
    assert.equal(progressText({ ...whole, lag: 3 }), "data.csv 99 %: 1,397 of 1,400 rows");
    assert.equal(progressText({ ...whole, forecast: true }), "data.csv 100 %: 1,400 of 1,400 rows");
  });

  it("is a bar and words", () => {
    assert.equal(
      progressBar(half),
      `${"█".repeat(11)}${"░".repeat(19)} data.csv 37 %: 300 of 400 rows sent so far, 2 refused`,
    );
  });

  it("is summed up in one line, which says when there was nothing to do", () => {
    assert.equal(
      progressSummary(half, undefined),
      "data.csv: 402 rows read, 400 sent, 2 refused (not-a-number 2); not at its end.",
    );
    assert.equal(progressSummary(whole, 1000), "data.csv: 1,400 rows read, 1,400 sent, none refused.");
    assert.match(progressSummary(whole, 1400), /none refused; nothing to do: all was forecast in an earlier run\.$/);
  });
});
