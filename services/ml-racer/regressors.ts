/** The models of the race made ready for series of one shape, and shared by all of them. */
import { LRUCache } from "lru-cache";
import { createRegressor, type ModelSpecification } from "./models/model-registry.js";
import { type Dimensions, newTrainingSet, type Regressor, type TrainingSet } from "./models/regressor.js";

/** Regressors with the memory that they are given their input in; nothing in it outlives a record. */
export interface Regressors {
  readonly training: TrainingSet;
  /** n features of the observation at hand. */
  readonly query: Float64Array;
  /** In the order of the models that they were made for. */
  readonly models: readonly Regressor[];
}

/** Shapes that are kept ready. Making one takes milliseconds; a stream of more shapes than this pays it again and again. */
const SHAPES_MAX = 32;

const made = new WeakMap<readonly ModelSpecification[], LRUCache<string, Regressors>>();

/**
 * The regressors of a list of models for one shape of series. They are made once per list (the array itself, as settings
 * hold it) and shape, since models keep nothing from record to record.
 */
export function regressorsOf(models: readonly ModelSpecification[], dimensions: Dimensions): Regressors {
  const byShape = made.get(models) ?? new LRUCache<string, Regressors>({ max: SHAPES_MAX });
  made.set(models, byShape);
  const { features, trainLength } = dimensions;
  const shape = `${features}/${trainLength}`;
  const known = byShape.get(shape);
  if (known !== undefined) return known;
  const regressors = {
    training: newTrainingSet(dimensions),
    query: new Float64Array(features),
    models: models.map((model) => createRegressor(model, dimensions)),
  };
  byShape.set(shape, regressors);
  return regressors;
}
