/** What a worker thread of ml-racer loads: the models, and nothing of Kafka. */
import { workerData } from "node:worker_threads";
import { serveJobs } from "../../shared/job-message.js";
import { type ForecastSettings, newForecaster } from "./forecaster.js";

/** Called by the pool with packed jobs. */
export const run = serveJobs(() => newForecaster(workerData as ForecastSettings));
