/** Reads the golden files of statistics: what Python computes by the running equations, in plain doubles. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CompleteObservation } from "../../../shared/contract/schemas.js";
import { observation } from "./observations.js";

/** One golden file. */
export interface StatsGolden {
  readonly name: string;
  /** Rows; a row's first number serves as y, the others as x. */
  readonly x: readonly (readonly number[])[];
  /** Numbers of rows, from 1, after which the values below were taken. */
  readonly at: readonly number[];
  readonly mean: readonly (readonly number[])[];
  /** S / N. */
  readonly var: readonly (readonly number[])[];
  readonly sum_abs: readonly (readonly number[])[];
  readonly last_abs: readonly (readonly number[])[];
}

const FOLDER = join(import.meta.dirname, "../../../../test/parity/golden");

export function statsGoldens(): readonly StatsGolden[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith("stats_"))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as StatsGolden);
}

/** The rows of a golden file as observations of a series that bears its name. */
export function statsObservations({ name, x }: StatsGolden): readonly CompleteObservation[] {
  return x.map(([y, ...features], i) => observation({ series: name, i, y, x: features }));
}
