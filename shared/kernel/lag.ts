/** Lag of this instance: what is committed and readable in its partitions, less what it has read. */
import { z } from "zod";
import type { TopicPartition } from "./kafka-client.js";
import type { Consumer } from "./kafka-consumer.js";

const statisticsSchema = z.object({
  topics: z.record(z.string(), z.object({ partitions: z.record(z.string(), z.object({ ls_offset: z.number() })) })),
});

export class Lag {
  /** Last stable offset by `<topic>/<partition>`, from librdkafka's statistics. */
  readonly #ends = new Map<string, number>();

  onStatistics(json: string): void {
    const statistics = statisticsSchema.safeParse(JSON.parse(json));
    if (!statistics.success) return;
    for (const [topic, { partitions }] of Object.entries(statistics.data.topics)) {
      for (const [partition, { ls_offset }] of Object.entries(partitions)) {
        if (ls_offset >= 0) this.#ends.set(`${topic}/${partition}`, ls_offset);
      }
    }
  }

  /** The consumer's position passes transaction markers, so that the lag does reach 0. */
  of(
    consumer: Consumer,
    partitions: readonly TopicPartition[],
  ): { topic: string; partition: number; records: number }[] {
    if (partitions.length === 0) return [];
    return consumer.position(partitions).flatMap(({ topic, partition, position }) => {
      const end = this.#ends.get(`${topic}/${partition}`);
      if (end === undefined) return [];
      return [{ topic, partition, records: Math.max(0, end - (position ?? 0)) }];
    });
  }
}
