/** Whether intervals hold as many y as they are to, whatever the errors are. */
import { HITS, mixtureAt, modelAt, SHOWN } from "../../shared/race/judge/places.js";
import { bestOf } from "../../shared/race/judge/records.js";
import { JudgedRace } from "../support/judged-race.js";
import { cauchy, Noise, normal, student } from "./noise.js";
import { type Case, type Effort, type Outcome, quantile } from "./simulation.js";

const COVERAGE = 0.9;
/** How far coverage may be off: in a long series, and in any so many in a row or in a quarter of many series. */
const LONG_OFF = 0.002;
const NEAR_OFF = 0.03;
const ROW = 1_000;

/** The error at record i. */
type Errors = (i: number) => number;

/** One long series of one model: coverage, and the least and the most of any {@link ROW} in a row. */
function longSeries(what: string, expected: string, errorsOf: (noise: Noise) => Errors): Case {
  return {
    what,
    expected,
    bar: `0.9 +- ${LONG_OFF}, in a row +- ${NEAR_OFF}`,
    run({ long }, seed) {
      const race = new JudgedRace(1);
      const errorAt = errorsOf(new Noise(seed));
      const forecaster = modelAt(0, 0);
      const hits = new Uint8Array(long);
      let shown = 0;
      let inRow = 0;
      let least = ROW;
      let most = 0;
      for (let i = 0; i < long; i++) {
        const { [forecaster + SHOWN]: shownBefore, [forecaster + HITS]: hitsBefore } = race.judge;
        race.observe(i, errorAt(i), [0]);
        if (race.judge[forecaster + SHOWN] === shownBefore) continue;
        hits[shown] = race.judge[forecaster + HITS] - hitsBefore;
        inRow += hits[shown] - (shown >= ROW ? hits[shown - ROW] : 0);
        shown++;
        if (shown < ROW) continue;
        least = Math.min(least, inRow);
        most = Math.max(most, inRow);
      }
      const coverage = race.judge[forecaster + HITS] / shown;
      const isNear = [least / ROW, most / ROW].every((share) => Math.abs(share - COVERAGE) <= NEAR_OFF);
      return {
        measured: `${coverage.toFixed(4)} (${least / ROW}, ${most / ROW})`,
        holds: Math.abs(coverage - COVERAGE) <= LONG_OFF && isNear,
      };
    },
  };
}

const scaled =
  (scale: (i: number) => number) =>
  (noise: Noise): Errors =>
  (i) =>
    scale(i) * noise.normal();
const drawn =
  (draw: (noise: Noise) => number) =>
  (noise: Noise): Errors =>
  () =>
    draw(noise);

/** A scale that swings up and down by a factor e^size over so many records. */
const swinging = (size: number, records: number) =>
  scaled((i) => Math.exp((size / 2) * Math.sin((2 * Math.PI * i) / records)));

const JUMPS = [0.2, 1, 5, 1];

/** Errors that depend on the one before: e ← 0.95 e + z. */
const autoregressive = (noise: Noise): Errors => {
  let error = 0;
  return () => {
    error = 0.95 * error + noise.normal();
    return error;
  };
};

/** A bias that drifts between minus and plus twice the noise. */
const biased =
  (noise: Noise): Errors =>
  (i) =>
    2 * Math.sin((2 * Math.PI * i) / 20_000) + noise.normal();

/** Series of so many records, evenly in their logarithm. */
const LENGTH_MIN = 60;
const LENGTH_MAX = 8_000;

/**
 * What is published, champion and mixture, while the better of two models changes every 1,500 records and the noise every 700: over
 * all, and by quarter of the series, the shortest first.
 */
const published: Case = {
  what: "champion and mixture as published, by quarter of the series",
  expected: "0.898, 0.899; 0.892, 0.898, 0.898, 0.898",
  bar: `0.9 +- 0.01, quarters +- ${NEAR_OFF}`,
  run: runPublished,
};

function runPublished({ timeSeries, coverageMargin }: Effort, seed: number): Outcome {
  const noise = new Noise(seed);
  const ratio = LENGTH_MAX / LENGTH_MIN;
  const series = Array.from({ length: timeSeries }, () => {
    const length = Math.floor(LENGTH_MIN * ratio ** noise.uniform());
    return { length, ...publishedIn(length, noise) };
  });
  const lengths = series.map(({ length }) => length).toSorted((a, b) => a - b);
  const ends = [0.25, 0.5, 0.75].map((share) => quantile(lengths, share));
  const share = (of: readonly { readonly shown: number; readonly hits: number }[]) =>
    of.reduce((sum, { hits }) => sum + hits, 0) / of.reduce((sum, { shown }) => sum + shown, 0);
  const champion = share(series.map((one) => one.champion));
  const mixture = share(series.map((one) => one.mixture));
  const quarters = [0, 1, 2, 3].map((quarter) =>
    share(
      series.filter(({ length }) => ends.filter((end) => length > end).length === quarter).map((one) => one.champion),
    ),
  );
  const isNear = (value: number, off: number) => Math.abs(value - COVERAGE) <= off + coverageMargin;
  const texts = [champion, mixture].map((value) => value.toFixed(3)).join(", ");
  return {
    measured: `${texts}; ${quarters.map((value) => value.toFixed(3)).join(", ")}`,
    holds: [champion, mixture].every((one) => isNear(one, 0.01)) && quarters.every((one) => isNear(one, NEAR_OFF)),
  };
}

function publishedIn(length: number, noise: Noise) {
  const race = new JudgedRace(2);
  const names = race.models.map(({ name }) => name);
  const champion = { shown: 0, hits: 0 };
  let noiseSize = 1;
  for (let i = 0; i < length; i++) {
    if (i % 700 === 0) noiseSize = Math.exp(noise.normal());
    const better = Math.floor(i / 1_500) % 2;
    const forecasts = Float64Array.from(names, (_, m) => noiseSize * noise.normal() * (m === better ? 0.3 : 1));
    const y = noiseSize * normal(noise);
    race.observe(i, y, forecasts);
    const { lower, upper } =
      bestOf({ topic: "t", series: "s", i, y }, names, forecasts, 0, race.asked, 0).champion ?? {};
    if (lower === null || lower === undefined || upper === null || upper === undefined) continue;
    champion.shown++;
    if (lower <= y && y <= upper) champion.hits++;
  }
  const at = mixtureAt(0);
  return { champion, mixture: { shown: race.judge[at + SHOWN], hits: race.judge[at + HITS] } };
}

/** In the order of the table. */
export const INTERVAL_CASES: readonly Case[] = [
  longSeries("normal errors", "0.9000 (0.891, 0.909)", drawn(normal)),
  longSeries(
    "scale jumps every 2,500",
    "0.9000 (0.886, 0.914)",
    scaled((i) => JUMPS[Math.floor(i / 2_500) % 4]),
  ),
  longSeries("scale swings by e^3 in 20,000", "0.9000 (0.890, 0.909)", swinging(3, 20_000)),
  longSeries("scale swings by e in 200", "0.9000 (0.888, 0.911)", swinging(1, 200)),
  longSeries("Student 2", "0.9000 (0.887, 0.911)", drawn(student(2))),
  longSeries("Cauchy", "0.9000 (0.885, 0.913)", drawn(cauchy)),
  longSeries("AR(0.95)", "0.9001 (0.880, 0.920)", autoregressive),
  longSeries("bias drifts by twice the noise", "0.9000 (0.882, 0.917)", biased),
  published,
];
