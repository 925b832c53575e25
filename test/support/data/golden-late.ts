/** Golden files of late labels: what a race makes of questions, labels, repeats and corrections, computed by two passes in Python. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../../shared/config.js";
import type { Observation } from "../../../shared/contract/schemas.js";
import type { LabelEvent } from "../../../shared/race/ledger/ledger.js";
import type { InputRecord } from "../../../shared/service-definition.js";
import { observationRecord } from "./observations.js";

/** One golden file. Arrays are by model. */
export interface LateGolden {
  readonly name: string;
  readonly models: readonly string[];
  readonly features: number;
  readonly open_max: number;
  readonly wait: number;
  readonly done_max: number;
  /** Timestamp, i, y, x. */
  readonly records: readonly (readonly [number, number, number | null, readonly number[] | null])[];
  readonly outputs: readonly LateOutput[];
  readonly counters: Readonly<Record<string, number>>;
  /** i's that are open, and closed ones, in order. */
  readonly open: readonly number[];
  readonly done: readonly number[];
  /** Forecasts scored and mse. */
  readonly scores: readonly (readonly [number, number])[];
  readonly beta: readonly (readonly number[])[] | null;
  /** What the judge says of each record. */
  readonly judged: readonly LateJudged[];
  /** n, mse, fading mse, mae, r2 and skill of the models, then of the mixture. */
  readonly judgedScores: readonly (readonly number[])[];
}

/** What the judge says of a record. */
export interface LateJudged {
  /** Of a question or a plain observation: the champion, its interval, and the mixture's forecast with its own. */
  readonly champion?: string | undefined;
  readonly interval?: readonly (number | null)[] | undefined;
  readonly mix?: readonly (number | null)[] | undefined;
  /** Of what is scored: the decision and who is champion then; of some the evidence by model, null of the champion. */
  readonly decision?: readonly [string, string] | undefined;
  readonly evidence?: readonly (number | null)[] | undefined;
}

/** What a record leads to: the numbers of its predictions, where it has some. */
export interface LateOutput {
  /** In camel case. */
  readonly event: string;
  readonly yhat?: readonly number[];
  readonly error?: readonly number[];
  readonly mse?: readonly number[];
  readonly n?: readonly number[];
  readonly asked?: number;
}

/** The golden files lie with the sources; the compiled tests stand in dist/. */
const FOLDER = join(import.meta.dirname, "../../../../test/parity/golden");

/** As it stands in the file. */
type WrittenGolden = Omit<LateGolden, "outputs" | "judged" | "judgedScores"> & {
  readonly outputs: readonly (LateOutput & LateJudged)[];
};

export function readLateGolden(name: string): LateGolden {
  const golden = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as WrittenGolden;
  const parts = golden.outputs.map(({ champion, interval, mix, decision, evidence, ...output }) => ({
    output,
    judged: { champion, interval, mix, decision, evidence },
  }));
  return {
    ...golden,
    outputs: parts.map(({ output }) => output),
    scores: golden.scores.slice(0, golden.models.length).map(([n, mse]) => [n, mse]),
    judged: parts.map(({ judged }) => judged),
    judgedScores: golden.scores,
  };
}

/** The bounds of a golden file as settings. */
export function boundsOf({ open_max, wait, done_max }: LateGolden): Environment {
  return {
    LABEL_QUESTIONS_MAX: String(open_max),
    LABEL_WAIT_MS: String(wait),
    LABEL_DONE_MAX: String(done_max),
  };
}

/** The records of a golden file, of a series that bears its name. */
export function lateRecords({ name, records }: LateGolden): readonly InputRecord[] {
  return records.map(([timestamp, i, y, x], offset) => {
    const of: Observation = { topic: "dataLinearModel", series: name, i, y, ...(x === null ? {} : { x: [...x] }) };
    return observationRecord(of, { timestamp, offset });
  });
}

/** What the predictions of one model have to say, in their order, of records whose time began at `begun` and not at 0. */
export function latePredictions({ models, records, outputs }: LateGolden, model: string, begun: number) {
  const m = models.indexOf(model);
  let n = 0;
  return outputs.flatMap(({ event, yhat, error, mse, n: scored, asked }, k) => {
    if (yhat === undefined) return [];
    n = scored?.[m] ?? n;
    const [, i, y] = records[k];
    const ofLabel = asked === undefined || event === "question" ? {} : { asked: begun + asked };
    const corrected = event === "correction" ? { corrected: true } : {};
    return [{ i, n, y, yhat: yhat[m], error: error?.[m] ?? null, mse: mse?.[m] ?? null, ...ofLabel, ...corrected }];
  });
}

/** The event of a golden file under the name that the ledger has for it. */
export function eventOf({ event }: LateOutput): LabelEvent {
  return event.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as LabelEvent;
}

/** The counter that a golden file has for an outcome of the ledger. */
export function counterOf(outcome: string): string {
  if (outcome === "plain" || outcome === "expired" || outcome === "no-question") return camel(outcome);
  return `${camel(outcome)}s`;
}

function camel(name: string): string {
  return name.replace(/-[a-z]/g, (part) => part[1].toUpperCase());
}
