/** Golden files of the models beside rf, lin, gb and rls: what the libraries that they follow predicted for every record. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How far a forecast of a model, by its text in a list, may lie from the reference's, see `assertNear`. */
export const WINDOW_TOLERANCE = { ridge: 1e-9, knn: 1e-9, tree: 0 } as const;
export const RECURSIVE_TOLERANCE = { last: 0, "last:lag=7": 0, mean: 0, holt: 1e-9, sgd: 1e-9 } as const;

type GoldenModel = keyof typeof WINDOW_TOLERANCE | keyof typeof RECURSIVE_TOLERANCE;

export interface GoldenModels {
  readonly name: string;
  readonly features: number;
  /** The oldest record first. */
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly yhat: Readonly<Record<GoldenModel, readonly number[]>>;
}

/** The golden files lie with the sources; the compiled tests stand in dist/. */
const FOLDER = join(import.meta.dirname, "../../../../test/parity/golden");

export function goldenModels(): readonly GoldenModels[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith("models_"))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as GoldenModels);
}

/** The models of a table of tolerances, each with its own. */
export function modelsOf<M extends GoldenModel>(tolerances: Readonly<Record<M, number>>): readonly [M, number][] {
  return Object.entries(tolerances) as [M, number][];
}
