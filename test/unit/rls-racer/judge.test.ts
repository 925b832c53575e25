import assert from "node:assert/strict";
import { rlsRacer } from "../../../services/rls-racer/service.js";
import { bestSchema, verdictSchema } from "../../../shared/contract/verdict-schemas.js";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { observationRecord } from "../../support/data/observations.js";

const KEY = "dataLinearModel/s1";
const MODELS = { RLS_MODELS: "a:1,b:0.5" };

interface Shown {
  readonly champion: string;
  readonly championSince: number;
  readonly models: readonly { readonly name: string; readonly evidence: number | null; readonly fading: number }[];
  readonly mix: { readonly n: number };
}

/** What rls-racer writes on a record of series s1, its values read as JSON. */
function said(driver: TopologyDriver, i: number, y: number | null, x?: readonly number[], timestamp = i) {
  const value = { topic: "dataLinearModel", series: "s1", i, y, ...(x && { x: [...x] }) };
  const { outputs, deadLetters } = driver.pipe(observationRecord(value, { timestamp }));
  assert.deepEqual(deadLetters, []);
  const of = (topic: string) =>
    outputs.filter((output) => output.topic === topic).map((output): unknown => JSON.parse(output.value.toString()));
  return {
    topics: outputs.map(({ topic }) => topic),
    best: of("rls-best").map((each) => bestSchema.parse(each)),
    verdicts: of("rls-verdicts").map((each) => verdictSchema.parse(each)),
  };
}

const rowOf = (i: number): readonly [y: number, x: readonly number[]] => [2 + Math.sin(3 * i), [Math.cos(7 * i)]];

function learned(driver: TopologyDriver, from: number, to: number) {
  return Array.from({ length: to - from }, (_, k) => said(driver, from + k, ...rowOf(from + k)));
}

const switchesOf = async (driver: TopologyDriver) =>
  (await driver.registry.getSingleMetric("regatta_verdict_switches_total")?.get())?.values ?? [];

describe("the judge of rls-racer", () => {
  it("writes its verdict at the first observation, and then at every VERDICT_EVERY-th", () => {
    const driver = new TopologyDriver(rlsRacer, { ...MODELS, VERDICT_EVERY: "3" });
    const verdicts = learned(driver, 10, 20).flatMap((each) => each.verdicts);
    const told = verdicts.map(({ i, n, decision, reason, champion, since }) => [
      i,
      n,
      decision,
      reason,
      champion,
      since,
    ]);
    assert.deepEqual(told, [
      [10, 1, "start", "first-observation", "a", 10],
      [12, 3, "keep", "periodic", "a", 10],
      [15, 6, "keep", "periodic", "a", 10],
      [18, 9, "keep", "periodic", "a", 10],
    ]);
  });

  it("writes no best forecast, and asks for no topic of them, where BEST is off", () => {
    const outputs = (environment: Record<string, string>) => {
      const driver = new TopologyDriver(rlsRacer, environment);
      const asked = rlsRacer.outputs(driver.settings).some(({ name }) => name === "rls-best");
      return [asked, said(driver, 1, 3, [1]).topics.includes("rls-best")];
    };
    assert.deepEqual(outputs(MODELS), [true, true]);
    assert.deepEqual(outputs({ ...MODELS, BEST: "off" }), [false, false]);
  });

  it("gives of a label the best forecast that was asked, however much was learned since", () => {
    const driver = new TopologyDriver(rlsRacer, MODELS);
    learned(driver, 0, 30);
    const [asked] = said(driver, 30, null, [0.5]).best;
    assert.equal(asked.y, null);
    assert.ok(asked.mix.lower !== null && asked.champion?.upper !== null, "after 20 errors intervals are shown");
    learned(driver, 31, 60);
    const [label] = said(driver, 30, 4).best;
    assert.deepEqual(label, { ...asked, y: 4, asked: 30 });
  });

  it("crowns the first of the standings that is listed when the champion is listed no longer", async () => {
    const before = new TopologyDriver(rlsRacer, MODELS);
    learned(before, 0, 12);
    const driver = before.restarted({ RLS_MODELS: "c:0.9,b:0.5" });
    const { topics, verdicts } = said(driver, 12, ...rowOf(12));
    assert.equal(topics[0], "rls-verdicts", "before what the observation itself leads to");
    const [gone] = verdicts;
    const { i, n, decision, reason, champion, since, from, challenger } = gone;
    assert.deepEqual([i, n, decision, reason, champion, since], [12, 12, "switch", "champion-gone", "b", 12]);
    assert.deepEqual([from, challenger, gone.evidence], ["a", "c", 1]);
    assert.deepEqual(await switchesOf(driver), [{ labels: { topic: "dataLinearModel", model: "b" }, value: 1 }]);
    assert.deepEqual(said(driver, 13, ...rowOf(13)).verdicts, [], "once");
    const { champion: shown, championSince } = driver.json("race", KEY) as Shown;
    assert.deepEqual([shown, championSince], ["b", 12]);
  });

  it("goes on with a changed setting: nothing is computed anew", () => {
    const before = new TopologyDriver(rlsRacer, { ...MODELS, VERDICT_EVERY: "1" });
    learned(before, 0, 12);
    const shown = before.json("race", KEY) as Shown;
    const driver = before.restarted({ ...MODELS, VERDICT_EVERY: "1", RACE_ALPHA: "0.01", RACE_FADING: "0.5" });
    assert.deepEqual(driver.json("race", KEY), shown);
    const [verdict] = said(driver, 12, ...rowOf(12)).verdicts;
    assert.deepEqual([verdict.decision, verdict.threshold, verdict.pairN, verdict.mix.n], ["keep", 100, 13, 13]);
    // S = e² + 0.5 S and N = 1 + 0.5 N, where N was the sum of 0.99^0 to 0.99^11.
    const weight = (1 - 0.99 ** 12) / 0.01;
    const [{ fading }] = shown.models;
    const [{ mse, fading: next }] = verdict.models;
    const errorSquared = (mse ?? 0) * 13 - mseOf(before) * 12;
    assert.ok(Math.abs((next ?? 0) - (errorSquared + 0.5 * fading * weight) / (1 + 0.5 * weight)) < 1e-9);
  });

  const mseOf = (driver: TopologyDriver) => {
    const { models } = driver.json("race", KEY) as { models: readonly { mse: number }[] };
    return models[0].mse;
  };
});
