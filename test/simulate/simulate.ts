/**
 * The promises of the judge, simulated by its own code beside the figures that its design was simulated with in Python: how often the
 * verdict is wrong, how soon it is right, how many y intervals hold, how good the mixture is. `npm run simulate` takes a quarter of an
 * hour; `-- --series 50` simulates fewer series of each case, `--only swap` the cases that have the word, `--seed 2` others.
 * Exit code 0: every figure is within its bar; 1: one is not.
 */
import { parseArgs } from "node:util";
import { INTERVAL_CASES } from "./interval-cases.js";
import { MIXTURE_CASES } from "./mixture-cases.js";
import { type Case, type Effort, FULL } from "./simulation.js";
import { VERDICT_CASES } from "./verdict-cases.js";

const PARTS: readonly { readonly title: string; readonly cases: readonly Case[] }[] = [
  { title: "Verdict: share that switches, or records until then (10/50/90 %)", cases: VERDICT_CASES },
  { title: "Intervals: share that held y (least, most in 1,000 in a row)", cases: INTERVAL_CASES },
  { title: "Mixture: mse over that of the best model of each half", cases: MIXTURE_CASES },
];

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;

/** A line of the table: cells below each other, whatever part they are of. */
function line(what: string, measured: string, expected: string, bar: string): string {
  const cells: readonly (readonly [string, number])[] = [
    [what, 64],
    [measured, 42],
    [expected, 42],
  ];
  return cells.map(([cell, width]) => cell.padEnd(width)).join("  ") + bar;
}

/** So many series of each case. Shares have a margin of three standard deviations of one that is at its bar of 0.05. */
function effortOf(series: number): Effort {
  const shareMargin = 3 * Math.sqrt((0.05 * 0.95) / series);
  return { ...FULL, shareSeries: series, timeSeries: series, shareMargin };
}

function main(): void {
  const { values } = parseArgs({
    options: {
      series: { type: "string" },
      seed: { type: "string", default: "1" },
      only: { type: "string", default: "" },
    },
  });
  const [series, seed] = [values.series ?? "1", values.seed].map(Number);
  if (![series, seed].every((value) => Number.isSafeInteger(value) && value >= 1)) {
    console.error(`expected whole numbers from 1 of --series and --seed, got ${values.series} and ${values.seed}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  const effort = values.series === undefined ? FULL : effortOf(series);
  const { shareSeries, timeSeries, shareMargin } = effort;
  const margin = shareMargin === 0 ? "" : `, bars of shares ${shareMargin.toFixed(3)} wider`;
  console.log(`${shareSeries} series for shares and ${timeSeries} for times, seed ${seed}${margin}`);
  let failed = 0;
  for (const { title, cases } of PARTS) {
    const chosen = cases.filter(({ what }) => what.includes(values.only));
    if (chosen.length > 0) console.log(`\n${line(title, "here", "expected", "bar")}`);
    for (const { what, expected, bar, run } of chosen) {
      const { measured, holds } = run(effort, seed);
      if (!holds) failed++;
      console.log(line(what, measured, expected, holds ? bar : `${bar}: BROKEN`));
    }
  }
  if (failed > 0) console.log(`\n${failed} of the bars broken`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
