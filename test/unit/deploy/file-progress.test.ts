import assert from "node:assert/strict";
import { fractionOf, progressBar, progressText } from "../../../deploy/local/file-progress.js";

const half = { name: "data.csv", bytes: 2000, bytesRead: 1000, lag: 100, atEnd: false };

describe("the progress of a file", () => {
  it("is the part of the file that is read, times the part of its rows that is forecast", () => {
    assert.equal(fractionOf(half, 300), 0.5 * (300 / 400));
    assert.equal(fractionOf({ ...half, atEnd: true }, 300), 300 / 400);
    assert.equal(fractionOf(half, 0), 0);
  });

  it("is not whole while nobody knows that nothing is left", () => {
    assert.ok(fractionOf({ ...half, atEnd: true, lag: 0 }, 300) < 1);
    assert.match(
      progressText({ ...half, atEnd: true, lag: 0 }, 1300),
      /^data\.csv 99 %: 1,300 rows forecast, 0 to go$/,
    );
  });

  it("is a bar and words", () => {
    assert.match(
      progressBar(half, 300),
      /^█{11}░{19} data\.csv 37 %: 300 rows forecast, 100 to go of those sent so far$/,
    );
  });
});
