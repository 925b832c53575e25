/**
 * Loaded into a service before it starts: takes from the Kafka client the calls for whole batches, which only the client that is
 * built here has. Its other repairs, in librdkafka itself, stay.
 */
import { createRequire } from "node:module";

interface Native {
  readonly KafkaConsumer: { readonly prototype: { consumeBatch?: unknown } };
  readonly Producer: { readonly prototype: { produceBatch?: unknown } };
}

const native = createRequire(import.meta.url)("@confluentinc/kafka-javascript/librdkafka.js") as Native;
delete native.KafkaConsumer.prototype.consumeBatch;
delete native.Producer.prototype.produceBatch;
