/** Golden files of least squares alone: see test/parity/sklearn/golden_linear.py. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LinearConditions } from "../judge/sklearn-tolerance.js";
import type { RaceStream } from "./model-replay.js";

export interface GoldenLinear extends RaceStream, LinearConditions {
  readonly name: string;
  readonly yhat: readonly number[];
}

/** The golden files lie with the sources; the compiled tests stand in dist/. */
const FOLDER = join(import.meta.dirname, "../../../../test/parity/golden");

export function goldenLinears(): readonly GoldenLinear[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith("lin_"))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as GoldenLinear);
}
