/** Loaded into a program before it starts: takes from the Kafka client what tells that it may be asked for one group. */
import { createRequire } from "node:module";

const native = createRequire(import.meta.url)("@confluentinc/kafka-javascript/librdkafka.js") as {
  readonly AdminClient: { readonly prototype: { tellsGroupErrors?: unknown } };
};
delete native.AdminClient.prototype.tellsGroupErrors;
