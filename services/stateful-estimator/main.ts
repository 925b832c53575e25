/** Starts the service. */
import { runService } from "../../shared/stream.js";
import { statefulEstimator } from "./service.js";

await runService(statefulEstimator);
