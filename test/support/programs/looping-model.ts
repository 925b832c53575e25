/**
 * Loaded before a service (`--import`), or imported by a test: `lin` never answers an observation whose first feature is
 * {@link LOOPS_AT}. In a worker thread it loops for ever; in the main thread, where the offline model computes what must come
 * out, it throws {@link NeverAnswers}.
 */
import { isMainThread } from "node:worker_threads";
import type { ModelKind } from "../../../services/ml-racer/models/model-kind.js";
import { modelKinds } from "../../../services/ml-racer/models/model-registry.js";
import { NeverAnswers } from "./never-answers.js";

/** First feature of an observation that the model never answers. */
export const LOOPS_AT = 1313;

const lin = modelKinds.get("lin");
if (lin === undefined) throw new Error("expected a model lin");
const looping: ModelKind = {
  ...lin,
  create(parameters, dimensions) {
    const regressor = lin.create(parameters, dimensions);
    return {
      ...regressor,
      predict(training, query) {
        if (query[0] === LOOPS_AT && isMainThread) throw new NeverAnswers();
        while (query[0] === LOOPS_AT);
        return regressor.predict(training, query);
      },
    };
  },
};
(modelKinds as Map<string, ModelKind>).set("lin", looping);
