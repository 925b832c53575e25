/**
 * What one observation costs rls-racer without Kafka: ten features, two models:
 * `npx tsc -p . && node dist/test/bench/race.js`. Prints the best of several rounds, in nanoseconds of the process's CPU time, which
 * other processes disturb least.
 */
import { Registry } from "prom-client";
import { type RaceStores, raceFor } from "../../services/rls-racer/configured-race.js";
import { raceStep } from "../../services/rls-racer/race.js";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { predictionOf } from "../../services/rls-racer/race-results.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { readSettings } from "../../shared/config.js";
import { encodeRlsPrediction } from "../../shared/contract/schemas.js";
import { learn, newRls, predict, rlsLength } from "../../shared/models/rls.js";
import { newDriverStore } from "../driver/driver-store.js";
import { observation, observationRecord } from "../support/data/observations.js";

const FEATURES = 10;
const ROUNDS = 7;
const REPEATS = 200_000;

const observations = Array.from({ length: 1000 }, (_, i) =>
  observation({ i, y: Math.sin(i), x: Array.from({ length: FEATURES }, (_, j) => Math.sin(i * 7.3 + j * j * 1.7)) }),
);

function measure(what: string, step: (k: number) => void): void {
  let bestNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage();
    for (let k = 0; k < REPEATS; k++) step(k);
    const { user, system } = process.cpuUsage(start);
    bestNs = Math.min(bestNs, ((user + system) * 1000) / REPEATS);
  }
  process.stdout.write(`${what.padEnd(40)} ${bestNs.toFixed(0).padStart(6)} ns\n`);
}

const p = FEATURES + 1;
const pair = [1, 0.99].map((nu) => {
  const rls = new Float64Array(rlsLength(p));
  newRls(rls, 0, p, nu);
  return rls;
});
const regressors = observations.map(({ x }) => Float64Array.of(1, ...x));
measure("predict and learn, two models", (k) => {
  const { y } = observations[k % observations.length];
  const x = regressors[k % regressors.length];
  for (const rls of pair) learn(rls, 0, p, x, y - predict(rls, 0, p, x));
});

const models = [
  { name: "rls1", nu: 1 },
  { name: "rls2", nu: 0.99 },
];
const settings = readSettings(rlsRacer.settings, {});
const stores = Object.fromEntries(
  Object.entries(rlsRacer.stores).map(([name, codec]) => [name, newDriverStore(codec, false).access(() => {})]),
) as unknown as RaceStores;
const numbers = observations.map(({ i, y, x }) => Float64Array.of(i, y, ...x));
const { race } = raceFor(stores, "raw/s", { ...settings, models }, 0, FEATURES);
measure("raceStep, two models", (k) => {
  raceStep(race, numbers[k % numbers.length]);
});

const body = race.bytes.subarray(8 * race.at, 8 * race.at + race.length);
measure(`check a race, ${race.length} bytes`, () => {
  raceCodec.check(body);
});

const prediction = predictionOf(race, 0, "rls1", observations[0], raceStep(race, numbers[0]));
measure("encode one prediction", () => {
  encodeRlsPrediction(prediction);
});

const records = observations.map((of) => observationRecord(of));
const context = {
  settings,
  stores,
  metrics: rlsRacer.metrics(new Registry()),
  forward: (topic: { encode(value: never): Buffer }, _key: string, value: unknown) => {
    topic.encode(value as never);
  },
  write: () => false,
  stamp: () => {},
  compute: () => {},
  partitions: 1,
  application: "regatta-bench",
  warn: () => {},
};
measure("process(), two models", (k) => {
  rlsRacer.process(records[k % records.length], context);
});
