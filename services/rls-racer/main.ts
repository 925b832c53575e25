/** Starts the service. */
import { runService } from "../../shared/stream.js";
import { rlsRacer } from "./service.js";

await runService(rlsRacer);
