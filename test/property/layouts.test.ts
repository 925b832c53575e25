import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bestLayout,
  estimateLayout,
  firstBestLayout,
  observationLayout,
  predictionLayout,
  rlsPredictionLayout,
  standingsLayout,
} from "../../shared/contract/layouts.js";
import { NUMBER, ObservationView } from "../../shared/contract/observation-view.js";
import {
  encodeEstimate,
  encodeObservation,
  encodePrediction,
  encodeRlsPrediction,
  encodeStandings,
  type Observation,
} from "../../shared/contract/schemas.js";
import { encodeBest } from "../../shared/contract/verdict-schemas.js";
import { codecBytes, numbers, regions } from "../../shared/numbers/memory.js";
import type { Given, Layout } from "../../shared/result-layout.js";
import { laidOut } from "../driver/task-context.js";
import { holds } from "../support/property.js";

const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(-0, 2 ** 53, -(2 ** 53), 1e21, 5e-324, 1e-7, 0.1),
);
const count = fc.maxSafeNat();
const topicName = fc.string({ unit: fc.constantFrom(..."abcXYZ019._-"), minLength: 3, maxLength: 30 });
const seriesName = fc.string({ unit: fc.constantFrom(..."abc 0!#[]~/{}:,'"), maxLength: 40 });
const doubles = (length: number) => fc.array(double, { minLength: length, maxLength: length });
const observation = fc.record({
  topic: topicName.map((name) => `t${name}`),
  series: seriesName,
  i: fc.maxSafeInteger(),
  y: double,
  x: fc.array(double, { minLength: 1, maxLength: 12 }),
});
/** Names of models as settings allow them, and worse. */
const modelName = fc.oneof(fc.constantFrom("rls1", "ma", 'a"b', "é", "\n"), fc.string({ maxLength: 20 }));
const view = new ObservationView();

function viewOf(record: Observation): ObservationView {
  const value = encodeObservation(record);
  const at = regions.inputs[0].at;
  codecBytes.set(value, at);
  const fields = { topic: "t.observations", partition: 0, offset: 0, timestamp: 0, key: null };
  assert.ok(view.read({ ...fields, value: codecBytes.subarray(at, at + value.length) }));
  return view;
}

function check(
  layout: Layout | undefined,
  given: Given,
  values: readonly number[],
  expected: Buffer,
  key: string,
): void {
  assert.ok(layout);
  numbers.set(values);
  const result = laidOut(layout, given);
  assert.equal(result.value.toString(), expected.toString());
  assert.equal(result.key.toString(), key);
}

describe("the layouts of results write what their encoders do", () => {
  it("for observations", () => {
    holds(
      fc.property(topicName, observation, (topic, { series, i, y, x }) => {
        const { at } = regions.inputs[1];
        codecBytes.write(series, at);
        const given = { at, length: series.length, keyAt: at, keyLength: series.length, from: 0, listLength: x.length };
        const expected = encodeObservation({ topic, series, i, y, x });
        check(observationLayout(topic), given, [i, y, ...x], expected, series);
      }),
    );
  });

  it("for predictions, of rls-racer and of ml-racer", () => {
    holds(
      fc.property(observation, modelName, count, doubles(5), fc.array(double), (at, model, n, row, beta) => {
        const { topic, series, i, y } = at;
        const [yhat, error, mse, nu] = row;
        const { given } = viewOf(at);
        given.listLength = beta.length;
        const values = [i, n, y, yhat, error, mse];
        const prediction = { topic, series, model, i, n, y, yhat, error, mse };
        check(predictionLayout(model), given, values, encodePrediction(prediction), series);
        const expected = encodeRlsPrediction({ ...prediction, nu, beta });
        check(rlsPredictionLayout(model, nu), given, [...values, ...beta], expected, series);
      }),
    );
  });

  it("for standings", () => {
    const names = fc.uniqueArray(modelName, { minLength: 1, maxLength: 6 });
    const races = names.chain((models) =>
      fc.tuple(fc.constant(models), fc.shuffledSubarray([...models.keys()], { minLength: models.length }), doubles(6)),
    );
    holds(
      fc.property(observation, races, count, fc.maxSafeInteger(), (at, [models, order, mses], n, since) => {
        const { topic, series, i } = at;
        const { givenByState } = viewOf(at);
        const ranked = order.map((place, k) => ({ model: models[place], mse: mses[k] }));
        const standings = { topic, series, i, n, leader: ranked[0].model, since, models: ranked };
        const values = [i, n, order[0], since, ...order.flatMap((place, k) => [place, mses[k]])];
        check(standingsLayout(models), givenByState, values, encodeStandings(standings), `${topic}/${series}`);
      }),
    );
  });

  it("for the best forecast", () => {
    const races = fc
      .uniqueArray(modelName, { minLength: 1, maxLength: 6 })
      .chain((models) => fc.tuple(fc.constant(models), fc.nat(models.length - 1), doubles(models.length)));
    holds(
      fc.property(observation, races, doubles(6), (at, [models, place, weights], numbers) => {
        const { topic, series, i, y } = at;
        const [yhat, lower, upper, ...mixture] = numbers;
        const mix = { yhat: mixture[0], lower: mixture[1], upper: mixture[2], weights };
        const champion = { model: models[place], yhat, lower, upper };
        const { given } = viewOf(at);
        given.listLength = weights.length;
        const values = [i, y, place, ...numbers, ...weights];
        check(bestLayout(models), given, values, encodeBest({ topic, series, i, y, champion, mix }), series);
        const hidden = { lower: null, upper: null };
        const first = { topic, series, i, y, champion: { ...champion, ...hidden }, mix: { ...mix, ...hidden } };
        const few = [i, y, place, yhat, mix.yhat, ...weights];
        check(firstBestLayout(models), given, few, encodeBest(first), series);
      }),
    );
  });

  it("for estimates", () => {
    const lists = fc.integer({ min: 2, max: 9 }).chain((p) => fc.tuple(doubles(p), doubles(p), doubles(p), doubles(p)));
    holds(
      fc.property(observation, lists, count, count, double, double, (at, lists, n, inInterval, max, mean) => {
        const { topic, series, i } = at;
        const [abs, absSum, mu, variance] = lists;
        const { given } = viewOf(at);
        given.listLength = abs.length;
        const text = `Stream counter : ${i}`;
        const estimate = { topic, series, i, n, max, mean, text, abs, count: inInterval, absSum, mu, variance };
        const values = [i, n, max, mean, i + 0, ...abs, inInterval, ...absSum, ...mu, ...variance];
        check(estimateLayout(), given, values, encodeEstimate(estimate), series);
      }),
    );
  });
});

describe("the view of an observation", () => {
  it("has the numbers, names and key of the observation", () => {
    holds(
      fc.property(observation, (record) => {
        const seen = viewOf(record);
        assert.equal(seen.topic, record.topic);
        assert.equal(seen.series, record.series);
        assert.equal(seen.key, `${record.topic}/${record.series}`);
        assert.equal(seen.features, record.x.length);
        const values = [numbers[NUMBER.i], numbers[NUMBER.y], ...numbers.subarray(NUMBER.x, NUMBER.x + seen.features)];
        assert.deepEqual(values, [record.i, record.y, ...record.x]);
        assert.equal(viewOf(record).key, seen.key);
      }),
    );
  });
});
