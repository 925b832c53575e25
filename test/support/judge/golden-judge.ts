/** What a racer says of the records of a golden file of late labels, on its topics of verdicts and best forecasts. */
import assert from "node:assert/strict";
import { bestSchema, type Verdict, verdictSchema } from "../../../shared/contract/verdict-schemas.js";
import type { LateGolden } from "../data/golden-late.js";
import { assertNear } from "../near.js";

const TOLERANCE = 1e-9;
/** Of evidence, relative: it is a product of one factor a record. */
const EVIDENCE_TOLERANCE = 1e-6;

interface Output {
  readonly topic: string;
  readonly value: Buffer;
}

/** Settings with which every scored observation has its verdict. */
export const EVERY_VERDICT = { BEST: "on", VERDICT_EVERY: "1" };

/** Asserts that the outputs of record `k` say what the golden file does. */
export function assertJudged(outputs: readonly Output[], golden: LateGolden, k: number): void {
  const where = `record ${k}`;
  const expected = golden.judged[k];
  const isScored = ["plain", "label"].includes(golden.outputs[k].event);
  const best = outputs.filter(({ topic }) => topic.endsWith("-best")).map((each) => bestSchema.parse(jsonOf(each)));
  if (expected.champion !== undefined) {
    assert.equal(best.length, 1, where);
    const [{ champion, mix }] = best;
    const said = { champion: champion?.model, interval: [champion?.lower, champion?.upper] };
    const wanted = { champion: expected.champion, interval: expected.interval };
    assertNear(said, wanted, TOLERANCE, `${where}: champion`);
    assertNear([mix.yhat, mix.lower, mix.upper], expected.mix, TOLERANCE, `${where}: mix`);
  }
  const verdicts = outputs.filter(({ topic }) => topic.endsWith("-verdicts")).map(verdictIn);
  assert.equal(verdicts.length, isScored ? 1 : 0, where);
  if (!isScored) return;
  const [verdict] = verdicts;
  // The files tell of decisions to start and to switch alone.
  const decision = verdict.decision === "keep" ? undefined : [verdict.decision, verdict.champion];
  assert.deepEqual(decision, expected.decision, `${where}: decision`);
  if (expected.evidence === undefined) return;
  const evidence = verdict.models.map(({ model }) => verdict.pairs.find((pair) => pair.model === model)?.evidence);
  for (const [m, wanted] of expected.evidence.entries())
    if (wanted === null) assert.equal(evidence[m], undefined, `${where}: the champion is no challenger`);
    else assertNear((evidence[m] ?? Number.NaN) / wanted, 1, EVIDENCE_TOLERANCE, `${where}: evidence`);
}

/** The scores in `/state/race/<key>`. */
export interface ShownScores {
  readonly models: readonly (Scores & { readonly N: number })[];
  readonly mix: Scores & { readonly n: number };
}

type Scores = Omit<Verdict["mix"], "n" | "coverage">;

/** Asserts that a race shows the scores that the golden file ends with. */
export function assertShownScores({ models, mix }: ShownScores, { judgedScores }: LateGolden): void {
  const rowOf = (n: number, { mse, fading, mae, r2, skill }: Scores) => [n, mse, fading, mae, r2, skill];
  const said = [...models.map((model) => rowOf(model.N, model)), rowOf(mix.n, mix)];
  assertNear(said, judgedScores, TOLERANCE, "scores");
}

function verdictIn(output: Output): Verdict {
  return verdictSchema.parse(jsonOf(output));
}

function jsonOf({ value }: Output): unknown {
  return JSON.parse(value.toString());
}
