/**
 * Loaded before a service (`--import`): every worker thread of it dies at the forecast of `rf` whose number THREAD_DIES_AT
 * names, so in that job where `rf` is in the race.
 */
import { isMainThread } from "node:worker_threads";
import type { ModelKind } from "../../../services/ml-racer/models/model-kind.js";
import { modelKinds } from "../../../services/ml-racer/models/model-registry.js";

const diesAt = Number(process.env.THREAD_DIES_AT);

const rf = modelKinds.get("rf");
if (!isMainThread && rf !== undefined) {
  let jobs = 0;
  const dying: ModelKind = {
    ...rf,
    create(parameters, dimensions) {
      const regressor = rf.create(parameters, dimensions);
      return {
        ...regressor,
        predict(training, query) {
          if (++jobs === diesAt) process.exit(1);
          return regressor.predict(training, query);
        },
      };
    },
  };
  (modelKinds as Map<string, ModelKind>).set("rf", dying);
}
