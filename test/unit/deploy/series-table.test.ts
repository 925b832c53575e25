import assert from "node:assert/strict";
import type { SeriesAnswer } from "../../../deploy/cli/series-answer.js";
import { renderAnswer } from "../../../deploy/cli/series-table.js";

const answer = (state: Record<string, unknown>, more: Partial<SeriesAnswer> = {}): SeriesAnswer => ({
  service: "rls-racer",
  topic: "raw",
  series: "s1",
  partition: 2,
  instance: "local/0",
  stale: false,
  state,
  ...more,
});
const linesOf = (of: SeriesAnswer, columns?: number) => renderAnswer(of, columns).trimEnd().split("\n");

describe("what a service knows of a series, as text", () => {
  it("shows a race: single values, rows beside the models' errors, scores, coefficients", () => {
    const model = (name: string, more: object) => ({ name, nu: 1, N: 2, mse: 0.123456789, beta: [1, -2], ...more });
    const race = {
      features: 1,
      N: 2,
      leader: "rls1",
      since: null,
      order: ["rls1", "rls2"],
      rows: [
        [4, 0.5],
        [3, 1 / 3],
      ],
      models: [
        model("rls1", {
          V: [
            [1, 0],
            [0, 1],
          ],
          errors: [-1, 2],
        }),
        model("rls2", {
          V: [
            [1, 0],
            [0, 1],
          ],
          errors: [7, 8],
        }),
      ],
    };
    assert.deepEqual(linesOf(answer({ race })), [
      "rls-racer: s1 of raw, partition 2, at local/0",
      "",
      "race",
      "features 1  N 2  leader rls1  since -  order rls1,rls2",
      "",
      "rows, newest first",
      "y  rls1 error  rls2 error        x1",
      "4          -1           7       0.5",
      "3           2           8  0.333333",
      "",
      "models",
      "name  nu  N       mse",
      "rls1   1  2  0.123457",
      "rls2   1  2  0.123457",
      "",
      "beta",
      "   rls1  rls2",
      "0     1     1",
      "1    -2    -2",
      "",
      "V: 2 rows each, with --json",
    ]);
  });

  it("shows errors apart where a model has refused a row, since they are not of the rows beside them", () => {
    const models = [{ name: "rls1", N: 1, errors: [5] }];
    const lines = linesOf(
      answer({
        race: {
          N: 2,
          rows: [
            [4, 0.5],
            [3, 1],
          ],
          models,
        },
      }),
    );
    assert.ok(lines.includes("y   x1"), lines.join("\n"));
    assert.deepEqual(lines.slice(-3), ["errors", "   rls1", "0     5"]);
  });

  it("shows the matrix of the last rows as one table, and statistics of each column beside one another", () => {
    const series = {
      features: 1,
      N: 3,
      mu: [2, 0.5],
      variance: [1, 0.25],
      interval: { startMs: 2000, count: 3 },
      matrix: { shape: [3, 2], slots: 100, newestSlot: 2 },
    };
    const matrix = [
      [3, 1],
      [2, 0.5],
    ];
    assert.deepEqual(linesOf(answer({ series, matrix }, { service: "stateful-estimator", leftOut: { matrix: 1 } })), [
      "stateful-estimator: s1 of raw, partition 2, at local/0",
      "",
      "series",
      "features 1  N 3  interval.startMs 2000  interval.count 3  matrix.slots 100  matrix.newestSlot 2",
      "",
      "     mu  variance",
      "y     2         1",
      "x1  0.5      0.25",
      "",
      "matrix, newest first, and 1 more (--rows)",
      "y   x1",
      "3    1",
      "2  0.5",
    ]);
  });

  it("shows open questions with the times that they were asked at", () => {
    const ledger = { open: [{ i: 7, asked: 0 }], counts: { question: 3, label: 2 } };
    const questions = [{ slot: 7, asked: 0, x: [1, 2], forecasts: [0.25, null] }];
    assert.deepEqual(linesOf(answer({ ledger, questions })).slice(2), [
      "ledger",
      "counts.question 3  counts.label 2",
      "",
      "open",
      "i                     asked",
      "7  1970-01-01T00:00:00.000Z",
      "",
      "questions",
      "slot                     asked    x  forecasts",
      "   7  1970-01-01T00:00:00.000Z  1 2     0.25 -",
    ]);
  });

  it("says that an answer is a copy's and how far that lags, escapes names, and cuts lines to the screen", () => {
    const lag = (lagRecords: number | null) => linesOf(answer({}, { stale: { lagRecords } }))[0];
    assert.match(lag(3), /; a copy, which lags by 3 records$/);
    assert.match(lag(null), /; a copy, which lags by an unknown number of records$/);
    assert.match(linesOf(answer({}, { series: "a\0\u001b[2J\n" }))[0], /^rls-racer: a\\x00\\x1b\[2J\\n of raw/);
    const rows = [Array.from({ length: 50 }, (_, j) => j)];
    for (const line of linesOf(answer({ race: { rows } }), 40)) assert.ok(line.length <= 40, line);
  });
});
