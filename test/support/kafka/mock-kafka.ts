/** The mock cluster inside of librdkafka: brokers of this process that keep records, for tests of a reader that need no real Kafka. */
import kafka from "@confluentinc/kafka-javascript";
import { callKafka } from "../../../shared/kafka/kafka-error.js";

/** A cluster that ends with {@link MockKafka.close}. Topics come with their first record, with four partitions. */
export interface MockKafka {
  readonly brokers: string;
  close(): Promise<void>;
}

/** Starts a cluster of one broker. */
export async function openMockKafka(): Promise<MockKafka> {
  const host = new kafka.Producer({ "test.mock.num.brokers": 1 } as object, {});
  await callKafka("connect", (done) => host.connect({ timeout: 5000 }, done as never));
  const { brokers } = await callKafka<{ brokers: readonly { host: string; port: number }[] }>("metadata", (done) =>
    host.getMetadata({ timeout: 5000 }, done as never),
  );
  return {
    brokers: brokers.map(({ host: name, port }) => `${name}:${port}`).join(","),
    close: () => callKafka("disconnect", (done) => host.disconnect(done as never)),
  };
}
