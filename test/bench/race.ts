/**
 * What one observation costs rls-racer without Kafka: ten features, two models. Run it on a quiet machine:
 * `npx tsc -p . && node dist/test/bench/race.js`. Prints the best of several rounds, in nanoseconds.
 */
import { newRace, raceStep } from "../../services/rls-racer/race.js";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { learn, newRls, predict } from "../../services/rls-racer/rls.js";
import { encodeRlsPrediction } from "../../shared/contract/schemas.js";
import { observation } from "../support/data/observations.js";

const FEATURES = 10;
const ROUNDS = 7;
const REPEATS = 200_000;

const observations = Array.from({ length: 1000 }, (_, i) =>
  observation({ i, y: Math.sin(i), x: Array.from({ length: FEATURES }, (_, j) => Math.sin(i * 7.3 + j * j * 1.7)) }),
);

function measure(what: string, step: (k: number) => void): void {
  let bestNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let k = 0; k < REPEATS; k++) step(k);
    bestNs = Math.min(bestNs, Number(process.hrtime.bigint() - start) / REPEATS);
  }
  process.stdout.write(`${what.padEnd(40)} ${bestNs.toFixed(0).padStart(6)} ns\n`);
}

const pair = [newRls(FEATURES, 1), newRls(FEATURES, 0.99)];
measure("predict and learn, two models", (k) => {
  const { y, x } = observations[k % observations.length];
  for (const rls of pair) learn(rls, x, y - predict(rls, x));
});

const models = [
  { name: "rls1", nu: 1 },
  { name: "rls2", nu: 0.99 },
];
const race = newRace(models, FEATURES);
measure("raceStep, two models", (k) => {
  raceStep(race, observations[k % observations.length]);
});

const bytes = raceCodec.encode(race);
measure(`encode a race, ${bytes.length} bytes`, () => {
  raceCodec.encode(race);
});
measure(`decode a race, ${bytes.length} bytes`, () => {
  raceCodec.decode(bytes);
});

const [prediction] = raceStep(race, observations[0]).predictions;
measure("encode one prediction", () => {
  encodeRlsPrediction(prediction);
});
