/**
 * Every kind of model that can race, by the name it has in the list of models. A new one is its file and one line here, or in
 * recursive-kinds.ts where it learns from one observation at a time.
 */
import type { Kind, ModelSpecification } from "../../../shared/models/kind.js";
import { recursiveKinds } from "../../../shared/models/recursive-kinds.js";
import { gradientBoosting } from "./gradient-boosting.js";
import { linearRegression } from "./linear-regression.js";
import type { ModelKind } from "./model-kind.js";
import { nearestNeighbours } from "./nearest-neighbours.js";
import { randomForest } from "./random-forest.js";
import type { Dimensions, Regressor } from "./regressor.js";
import { ridge } from "./ridge.js";
import { singleTree } from "./single-tree.js";

/** Those that are trained on a window. */
export const modelKinds: ReadonlyMap<string, ModelKind> = new Map<string, ModelKind>([
  ["rf", randomForest],
  ["lin", linearRegression],
  ["gb", gradientBoosting],
  ["ridge", ridge],
  ["knn", nearestNeighbours],
  ["tree", singleTree],
]);

/** All of them. */
export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([...modelKinds, ...recursiveKinds]);

/**
 * Makes the regressor of a specification. It holds scratch memory only and may serve any number of series in turn.
 * @throws {RangeError} the kind is unknown, or a size is not an integer of 1 or more
 */
export function createRegressor(specification: ModelSpecification, dimensions: Dimensions): Regressor {
  const kind = modelKinds.get(specification.kind);
  if (kind === undefined)
    throw new RangeError(`expected a model of ${[...modelKinds.keys()].join(", ")}, got ${specification.kind}`);
  for (const size of [dimensions.features, dimensions.trainLength]) {
    if (!(Number.isSafeInteger(size) && size >= 1)) throw new RangeError(`expected a size of 1 or more, got ${size}`);
  }
  return kind.create(specification.parameters, dimensions);
}

/** Of a regressor of any kind, however small. */
const SCRATCH_BYTES_MIN = 128 * 1024;
/** For each number of the training set: copies, orders, masks and lists, which are made for this many rows at least. */
const CELL_BYTES = 64;
const ROWS_MIN = 32;

/**
 * The memory that a regressor takes, in bytes: at most about so much; none where a model needs no window. Trees keep the order in which each search of each tree
 * visits the features, a byte a feature.
 */
export function scratchBytes({ kind, parameters }: ModelSpecification, { features, trainLength }: Dimensions): number {
  if (!modelKinds.has(kind)) return 0;
  const searches = (parameters.n_estimators ?? 0) * trainLength;
  return SCRATCH_BYTES_MIN + CELL_BYTES * features * Math.max(trainLength, ROWS_MIN) + searches * (features + 8);
}
