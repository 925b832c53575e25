import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dryRun } from "../../../deploy/local/dry-run.js";

describe("a dry run", () => {
  const directory = mkdtempSync(join(tmpdir(), "regatta-dry-"));
  const path = join(directory, "sales.csv");
  after(() => rmSync(directory, { recursive: true, force: true }));

  const show = (environment: Readonly<Record<string, string>>, count = 10) =>
    dryRun({ REPLAY_FILE: path, REPLAY_TOPIC: "sales", RATE: "1000000", ...environment }, "sales", count);

  it("shows the first rows as observations of their series, and leaves nothing behind", () => {
    writeFileSync(path, "shop,price,a,b\nnorth,10,1,2\nsouth,20,3,4\nnorth,30,5,6.5\n");
    const lines = show({ REPLAY_TARGET: "price", REPLAY_SERIES: "shop" });
    assert.deepEqual(lines.slice(0, -1), [
      "north  i 0  y 10  x 1 2",
      "south  i 0  y 20  x 3 4",
      "north  i 1  y 30  x 5 6.5",
    ]);
    assert.match(lines.at(-1) ?? "", /^3 observations of the first 3 rows, .* on sales\. Nothing was sent/);
    assert.deepEqual(readdirSync(directory), ["sales.csv"]);
  });

  it("shows no more than it is asked for, of the columns that it is asked for", () => {
    const lines = show({ REPLAY_TARGET: "price", REPLAY_SERIES: "shop", REPLAY_FEATURES: "b" }, 2);
    assert.deepEqual(lines.slice(0, -1), ["north  i 0  y 10  x 2", "south  i 0  y 20  x 4"]);
  });

  it("refuses a column that the file lacks", () => {
    assert.throws(() => show({ REPLAY_TARGET: "prize" }), /prize/);
  });
});
