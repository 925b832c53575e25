/** Turns raw records into observations. */
import { runService } from "../../shared/stream.js";
import { deserializer } from "./service.js";

await runService(deserializer);
