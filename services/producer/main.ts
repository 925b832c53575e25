/** Generates the raw topics. */
import { runService } from "../../shared/stream.js";
import { producer } from "./service.js";

await runService(producer);
