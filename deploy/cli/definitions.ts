/** The definition of every service, for commands that ask about all of them. */
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import type { ServiceName } from "../../services/names.js";
import { producer } from "../../services/producer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import type { AnyService } from "../../shared/service-definition.js";

/** By name. */
export const SERVICE_DEFINITIONS = {
  producer,
  deserializer,
  "stateful-estimator": statefulEstimator,
  "rls-racer": rlsRacer,
  "ml-racer": mlRacer,
} as unknown as Readonly<Record<ServiceName, AnyService>>;
