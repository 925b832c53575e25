/** Prints the latest champion forecast of every series, one JSON object a line, and ends. Its types are generated. */
import kafka from "@confluentinc/kafka-javascript";
import type { Best } from "./contract.js";

const TOPICS = ["rls-best", "ml-best"];

const consumer = new kafka.KafkaConsumer(
  {
    "bootstrap.servers": process.env.KAFKA_BROKERS ?? "127.0.0.1:9092",
    "group.id": "latest-forecasts",
    "isolation.level": "read_committed",
    "enable.auto.commit": false,
    "enable.partition.eof": true,
  },
  { "auto.offset.reset": "earliest" },
);
const latest = new Map<string, { readonly from: string; readonly best: Best }>();
const left = new Set<string>();

consumer.on("ready", (_, { topics }) => {
  const partitions = topics
    .filter(({ name }) => TOPICS.includes(name))
    .flatMap(({ name: topic, partitions }) => partitions.map(({ id: partition }) => ({ topic, partition })));
  for (const { topic, partition } of partitions) left.add(`${topic}/${partition}`);
  if (left.size === 0) {
    consumer.disconnect();
    return;
  }
  consumer.assign(partitions.map((place) => ({ ...place, offset: 0 })));
  consumer.consume();
});
consumer.on("data", ({ topic: from, value }) => {
  if (value === null) return;
  const best: Best = JSON.parse(value.toString());
  // A label has the forecast of its question once more.
  if (best.champion !== null && best.asked === undefined)
    latest.set(JSON.stringify([from, best.topic, best.series]), { from, best });
});
consumer.on("partition.eof", ({ topic, partition }) => {
  left.delete(`${topic}/${partition}`);
  if (left.size === 0) consumer.disconnect();
});
consumer.on("disconnected", () => {
  for (const { from, best } of latest.values()) {
    const { topic, series, i, champion } = best;
    console.log(JSON.stringify({ from, topic, series, i, ...champion }));
  }
});
consumer.connect();
