/** The models of the race at work: each is trained on a job's rows and forecasts its query. */
import { LRUCache } from "lru-cache";
import type { JobRunner } from "../../shared/heavy-work.js";
import { memoryBudget } from "../../shared/memory-budget.js";
import type { ModelSpecification } from "../../shared/models/kind.js";
import { readForecastJob } from "./forecast-job.js";
import { createRegressor, scratchBytes } from "./models/model-registry.js";
import type { Regressor } from "./models/regressor.js";

/** What the forecasts depend on besides the job. Plain data. */
export interface ForecastSettings {
  readonly models: readonly ModelSpecification[];
  /** Rows of a job. */
  readonly trainLength: number;
  /** Threads that have a forecaster each, and share the memory for scratch. */
  readonly threads?: number;
}

/** Numbers of features that regressors are kept for, where their memory allows it. Making them takes milliseconds; more kinds of series pay it again and again. */
const FEATURE_COUNTS_MAX = 32;

/**
 * Regressors hold scratch memory only, so one of a model serves all series of the same number of features.
 * @returns from a job, see forecast-job.ts, and the number of a model in the list to the model's forecast
 */
export function newForecaster({ models, trainLength, threads = 1 }: ForecastSettings): JobRunner {
  const byFeatures = new LRUCache<number, (Regressor | undefined)[]>({
    max: FEATURE_COUNTS_MAX,
    maxSize: Math.ceil(memoryBudget().modelScratch / Math.max(1, threads)),
    sizeCalculation: (_, features) =>
      models.reduce((sum, model) => sum + scratchBytes(model, { features, trainLength }), 0),
  });
  return (job, m) => {
    const { training, query } = readForecastJob(job, trainLength);
    const { features } = training;
    const known = byFeatures.get(features);
    const regressors = known ?? new Array<Regressor | undefined>(models.length);
    if (known === undefined) byFeatures.set(features, regressors);
    const regressor = regressors[m] ?? createRegressor(models[m], { features, trainLength });
    regressors[m] = regressor;
    return regressor.predict(training, query);
  };
}
