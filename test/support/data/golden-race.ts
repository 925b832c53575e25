/** Golden files: what scikit-learn 1.9.1 predicted for every record of a stream, in the notebook's race. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface GoldenRace {
  readonly name: string;
  readonly window: number;
  readonly train: number;
  readonly n: number;
  /** Features and targets, the oldest record first. */
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly yhat: Readonly<Record<GoldenModel, readonly number[]>>;
  readonly mse: Readonly<Record<GoldenModel, readonly number[]>>;
  /** Condition number of the part of the data that least squares keeps. */
  readonly lin_kappa: readonly number[];
  /** Decades between the singular value nearest to the cut and the cut. */
  readonly lin_edge: readonly number[];
}

export type GoldenModel = "rf" | "lin" | "gb";

/** The golden files lie with the sources; the compiled tests stand in dist/. */
const FOLDER = join(import.meta.dirname, "../../../../test/parity/golden");

export function goldenRaces(): readonly GoldenRace[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith("race_"))
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as GoldenRace);
}
