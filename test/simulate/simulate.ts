/**
 * The promises of the judge, simulated by its own code beside the figures that its design was simulated with in Python: how often the
 * verdict is wrong, how soon it is right, how many y intervals hold, how good the mixture is. `npm run simulate` takes a quarter of an
 * hour; `-- --series 50` simulates fewer series of each case, `--only swap` the cases that have the word, `--seed 2` others.
 * Exit code 0: every figure is within its bar; 1: one is not.
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { PLAIN_TABLE } from "../../deploy/text-table.js";
import { INTERVAL_CASES } from "./interval-cases.js";
import { MIXTURE_CASES } from "./mixture-cases.js";
import { type Case, type Effort, FULL } from "./simulation.js";
import { VERDICT_CASES } from "./verdict-cases.js";

const PARTS: readonly { readonly title: string; readonly cases: readonly Case[] }[] = [
  { title: "Verdict: share of series with a switch, or records until it (10/50/90 %)", cases: VERDICT_CASES },
  { title: "Intervals: share that held y (least, most of 1,000 in a row)", cases: INTERVAL_CASES },
  { title: "Mixture: its mse over that of the best model of each half", cases: MIXTURE_CASES },
];

function main(): void {
  const { values } = parseArgs({
    options: {
      series: { type: "string" },
      seed: { type: "string", default: "1" },
      only: { type: "string", default: "" },
    },
  });
  const series = values.series === undefined ? undefined : Number(values.series);
  const effort: Effort = series === undefined ? FULL : { ...FULL, shareSeries: series, timeSeries: series };
  console.log(`${effort.shareSeries} and ${effort.timeSeries} series a case, seed ${values.seed}`);
  let failed = 0;
  for (const { title, cases } of PARTS) {
    const chosen = cases.filter(({ what }) => what.includes(values.only));
    if (chosen.length === 0) continue;
    const table = new Table({ ...PLAIN_TABLE, head: ["case", "here", "expected", "bar", ""] });
    for (const { what, expected, bar, run } of chosen) {
      const { measured, holds } = run(effort, Number(values.seed));
      if (!holds) failed++;
      table.push([what, measured, expected, bar, holds ? "" : "FAILED"]);
    }
    console.log(`\n${title}\n${table.toString()}`);
  }
  if (failed > 0) console.log(`\n${failed} beyond their bars`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
