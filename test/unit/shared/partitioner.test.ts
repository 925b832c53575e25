import assert from "node:assert/strict";
import { partitionOfKey } from "../../../shared/partitioner.js";

/** What Kafka's own tests expect of its murmur2 (org.apache.kafka.common.utils.UtilsTest). */
const KNOWN: Readonly<Record<string, number>> = {
  "21": -973932308,
  foobar: -790332482,
  "a-little-bit-long-string": -985981536,
  "a-little-bit-longer-string": -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
};

describe("the partition of a key", () => {
  it("is that of Java's producer: murmur2 without its sign, modulo the partitions", () => {
    for (const [key, hash] of Object.entries(KNOWN)) {
      for (const partitions of [1, 2, 3, 50, 10_000, 2 ** 31 - 1]) {
        assert.equal(partitionOfKey(Buffer.from(key), partitions), (hash & 0x7fffffff) % partitions, key);
      }
    }
  });
});
