/** Golden files of the models beside rf, lin, gb and rls: what the libraries that they follow predicted for every record. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A model by its text in the list of models, and what its forecasts are held against. */
export type ReferenceModel = keyof typeof REFERENCE_TOLERANCE;

/** How far a forecast may lie from the reference's, as a share of its size, or of 1 where it is smaller. */
export const REFERENCE_TOLERANCE = { ridge: 1e-9, knn: 1e-9, tree: 0 } as const;

export interface GoldenModels {
  readonly name: string;
  readonly features: number;
  /** The oldest record first. */
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly yhat: Readonly<Record<ReferenceModel, readonly number[]>>;
}

/** The golden files lie with the sources; the compiled tests stand in dist/. */
const FOLDER = join(import.meta.dirname, "../../../../test/parity/golden");

export function goldenModels(): readonly GoldenModels[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith("models_"))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as GoldenModels);
}
