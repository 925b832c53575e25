/** The judgement of every fault test: what the topics hold against what the offline model says they must hold. */

import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { statefulEstimator } from "../../services/stateful-estimator/service.js";
import type { ConsumedRecord } from "../../shared/kernel/kafka-consumer.js";
import { DEAD_LETTERS_TOPIC, LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/topics.js";
import { type ComparedRecord, type Comparison, compareRecords, deadLetterRecord, resultRecord } from "./comparer.js";
import { asInput, headersOf, readTopic } from "./kafka-topics.js";
import { recompute } from "./offline-model.js";
import type { AnyProcessor } from "./topology-driver.js";
import { waitFor } from "./wait.js";

/** The services of the linear race. */
export const LINEAR_CHAIN: readonly AnyProcessor[] = [deserializer, rlsRacer];
/** Every service that consumes topics. */
export const CHAIN: readonly AnyProcessor[] = [deserializer, statefulEstimator, rlsRacer, mlRacer];

async function readResults(brokers: string, topics: Iterable<string>): Promise<ComparedRecord[]> {
  const results: ComparedRecord[] = [];
  for (const topic of topics) {
    for (const { key, value } of await readTopic(brokers, topic)) {
      results.push(resultRecord({ topic, key: key?.toString() ?? "", value: value ?? Buffer.alloc(0) }));
    }
  }
  for (const record of await readTopic(brokers, DEAD_LETTERS_TOPIC)) results.push(deadLetterOf(record));
  return results;
}

function deadLetterOf(record: ConsumedRecord): ComparedRecord {
  const { service = "", reason = "", topic = "", partition, offset } = headersOf(record);
  return deadLetterRecord(
    { service, reason, topic, partition: Number(partition), offset: Number(offset) },
    record.value,
  );
}

/**
 * Waits until as many records came out as must, then compares every output topic and the dead letters.
 * Prints four counts per topic.
 * @param chain       the services that ran
 * @param environment settings that each of them ran with
 */
export async function judge(
  brokers: string,
  chain: readonly AnyProcessor[] = LINEAR_CHAIN,
  environment: Readonly<Record<string, string>> = {},
): Promise<Comparison> {
  const raw = [...(await readTopic(brokers, LINEAR_TOPIC)), ...(await readTopic(brokers, NON_LINEAR_TOPIC))];
  const environments = Object.fromEntries(chain.map(({ name }) => [name, environment]));
  const { outputs, deadLetters } = recompute(chain, raw.map(asInput), { environments });
  const expected = [...outputs].flatMap(([topic, records]) =>
    records.map(({ key, value }) => resultRecord({ topic, key, value })),
  );
  for (const { service, reason, record } of deadLetters)
    expected.push(deadLetterRecord({ service, reason, ...record }, record.value));
  const topics = [...outputs.keys()];
  const actual = await waitFor("all results", async () => {
    const results = await readResults(brokers, topics);
    return results.length >= expected.length ? results : undefined;
  }).catch(() => readResults(brokers, topics));
  console.log(`      ${raw.length} raw records, ${expected.length} results expected`);
  return compareRecords(expected, actual, (report) => console.log(report.replace(/^/gm, "      ")));
}

/** The producer's own promise: each of `series` series of a raw topic has every i exactly once, in order. */
export async function assertCountersFollow(brokers: string, series: number): Promise<void> {
  for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) {
    const next = new Map<string, number>();
    for (const { key, value } of await readTopic(brokers, topic)) {
      const name = key?.toString() ?? "";
      const i = Number(/^\[(\d+),/.exec(value?.toString() ?? "")?.[1]);
      assert.equal(i, next.get(name) ?? 0, `${topic}, ${name}`);
      next.set(name, i + 1);
    }
    assert.equal(next.size, series);
  }
}
