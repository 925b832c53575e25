/**
 * What a model of the race is: a pure function of the training rows and the query, with scratch memory of its own.
 * A model keeps nothing from one record to the next, so one instance serves every series of the same number of features.
 */

/** The newest rows of a window, which a model is trained on. */
export interface TrainingSet {
  /** Number of features n, 1 or more. */
  readonly features: number;
  /** Number of rows R, 1 or more. */
  readonly rows: number;
  /** R × n features, row after row, the newest row first. Finite. */
  readonly x: Float64Array;
  /** R targets, the newest first. Finite. */
  readonly y: Float64Array;
}

/** Sizes that a model's scratch memory is made for. */
export interface Dimensions {
  readonly features: number;
  /** Rows of a training set. */
  readonly trainLength: number;
}

export interface Regressor {
  /**
   * Trains on `training` and predicts the target of `query`.
   * @param training of exactly the dimensions that the regressor was made for
   * @param query    n features
   * @returns the prediction in the unit of y; not finite only where the arithmetic of doubles overflowed
   */
  predict(training: TrainingSet, query: Float64Array): number;
  /**
   * Steps of the last forecast, of a model whose work depends on the data: nodes of trees, rotations of matrices. Tests hold
   * it against the bound that the model states.
   */
  work?(): number;
}

/** An empty training set: zeros, as a window starts. */
export function newTrainingSet({ features, trainLength }: Dimensions): TrainingSet {
  return {
    features,
    rows: trainLength,
    x: new Float64Array(trainLength * features),
    y: new Float64Array(trainLength),
  };
}

/**
 * True where every value is finite and stays finite as a float32, which is what tree models round features to.
 * A record for which this is false must be rejected before it enters a window: scikit-learn raises for it too.
 */
export function isFiniteInFloat32(values: Float64Array): boolean {
  for (let j = 0; j < values.length; j++) if (!Number.isFinite(Math.fround(values[j]))) return false;
  return true;
}
