import assert from "node:assert/strict";
import {
  pathOf,
  type Question,
  readAnswer,
  type StateLayout,
  seriesOf,
} from "../../../../shared/kernel/observe/question.js";
import { askedOf } from "../../../../shared/kernel/observe/state-path.js";
import type { TaskFolder } from "../../../../shared/kernel/task/task-folder.js";

const LAYOUT: StateLayout = {
  stores: [
    { name: "series", slotted: false },
    { name: "matrix", slotted: true },
    { name: "open", slotted: true },
    { name: "hidden", slotted: true },
  ],
  slots: { matrix: () => [2, 1, 0], open: ({ series }) => Object(series).open },
};

/** A folder that shows these values. */
function folderWith(values: Readonly<Record<string, Readonly<Record<string, unknown>>>>): TaskFolder {
  const stores = LAYOUT.stores.map(({ name }) => ({ name, inspect: (key: string) => values[name]?.[key] }));
  return { stores } as unknown as TaskFolder;
}

describe("a question of state", () => {
  it("is of the series whose name is all that stands between topic and slot", () => {
    const value = (store: string, key: string) => seriesOf({ kind: "value", store, key }, LAYOUT);
    assert.deepEqual(value("series", "t/a/b"), { topic: "t", series: "a/b" });
    assert.deepEqual(value("matrix", "t/a/b/7"), { topic: "t", series: "a/b" });
    assert.deepEqual(value("series", "t/"), { topic: "t", series: "" });
    assert.deepEqual(value("series", "cursor"), { topic: "cursor", series: "" });
  });

  it("is understood by another instance as it was meant", () => {
    for (const series of ["a", "", ".", "..", "a/../b", "%2F", "?&=#+ ", "\0\n", "é"]) {
      const question: Question = { kind: "series", topic: "t", series, rows: 7 };
      assert.deepEqual(askedOf(pathOf(question)), { ...question, stale: false });
      const value: Question = { kind: "value", store: "series", key: `t/${series}` };
      assert.deepEqual(askedOf(pathOf(value)), { ...value, stale: false });
    }
  });

  it("is answered with every value of a series: those in slots as lists, in the order of their slots", () => {
    const folder = folderWith({
      series: { "t/a": { n: 3, open: [9] }, "t/a/1": { n: 1 } },
      matrix: { "t/a/0": [0, 0], "t/a/1": [1, 1], "t/a/2": [2, 2], "t/a/1/2": [8, 8] },
      open: { "t/a/9": { asked: 5 } },
      hidden: { "t/a/0": [7] },
    });
    const ask = (rows: number, series = "a") =>
      readAnswer(folder, { kind: "series", topic: "t", series, rows }, LAYOUT);
    const state = { series: { n: 3, open: [9] }, open: [{ slot: 9, asked: 5 }] };
    assert.deepEqual(ask(10), {
      state: {
        ...state,
        matrix: [
          [2, 2],
          [1, 1],
          [0, 0],
        ],
      },
    });
    assert.deepEqual(ask(2), {
      state: {
        ...state,
        matrix: [
          [2, 2],
          [1, 1],
        ],
      },
      leftOut: { matrix: 1 },
    });
    assert.equal(ask(10, "b"), undefined);
    assert.deepEqual(readAnswer(folder, { kind: "value", store: "matrix", key: "t/a/1/2" }, LAYOUT), [8, 8]);
  });

  it("is not answered with so many numbers that records would wait", () => {
    const wide = Array.from({ length: 90_000 }, () => 0);
    const folder = folderWith({
      series: { "t/a": { n: 3, open: [] } },
      matrix: { "t/a/0": wide, "t/a/1": wide, "t/a/2": wide },
    });
    const answer = readAnswer(folder, { kind: "series", topic: "t", series: "a", rows: 10 }, LAYOUT);
    assert.deepEqual(Object(answer).leftOut, { matrix: 1 });
  });
});
