import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readBenchRows, SECTION_NAMES } from "../../deploy/generate/bench-results.js";
import { benchTables } from "../../deploy/generate/bench-tables.js";

const BENCH = fileURLToPath(new URL("../bench/bench.js", import.meta.url));
const RECORDS = 2000;
/** Some of each section: with so few records each step measures little more than starts and ends. */
const STEPS = [
  "both, 1 series",
  "both-ready-made, 100 series",
  "topology-1000",
  "restarts of both, 500 series",
  "takeover by standbys, 500 series",
  "refits of each model",
  "ml-racer from observations",
  "relay alone",
  "commits alone",
  "both-zipf, 500 series",
  "rls-instances-2, 100 series",
  "cold-beside-hot",
  "rls-racer, 100 series",
];
/** Figures that may be 0 in so short a run. */
const MAY_BE_ZERO = new Set(["otherShare", "microsecondsPerRecord", "changelogBytesPerRecord", "cpuSecondsPerMillion"]);

describe("the bench", function () {
  this.timeout(600_000);

  it("measures every section, and gives rows and tables of them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "regatta-bench-test-"));
    try {
      const out = join(folder, "results.json");
      const options = ["--records", String(RECORDS), "--runs", "1", "--without-peers", "--out", out];
      const child = spawn(process.execPath, [BENCH, ...options, "--step", `^(${STEPS.join("|")})$`], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (chunk: string) => {
          said += chunk;
        });
      }
      const [code] = (await once(child, "close")) as [number | null];
      assert.equal(code, 0, said);
      const rows = readBenchRows(out);
      for (const section of SECTION_NAMES) {
        const own = rows.filter((row) => row.section === section);
        assert.ok(own.length > 0, `${section}: ${said}`);
        assert.match(benchTables(section, rows), /^\| .* \|\n\|---\|/);
        for (const { case: of, spread } of own) {
          for (const [figure, [least]] of Object.entries(spread)) {
            assert.ok(
              least > 0 || (least === 0 && MAY_BE_ZERO.has(figure)),
              `${section}, ${of}: ${figure} is ${least}`,
            );
          }
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
