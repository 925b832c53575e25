/** Starts the service. */
import { runService } from "../../shared/stream.js";
import { mlRacer } from "./service.js";

await runService(mlRacer);
