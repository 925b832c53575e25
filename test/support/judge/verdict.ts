/** The judgement of every fault test: what the topics hold against what the offline model says they must hold. */

import assert from "node:assert/strict";
import { deserializer } from "../../../services/deserializer/service.js";
import { mlRacer } from "../../../services/ml-racer/service.js";
import { rlsRacer } from "../../../services/rls-racer/service.js";
import { statefulEstimator } from "../../../services/stateful-estimator/service.js";
import { DEAD_LETTERS_TOPIC, LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../../shared/contract/topics.js";
import type { ConsumedRecord } from "../../../shared/kafka/consumed-record.js";
import type { InputRecord } from "../../../shared/service-definition.js";
import type { AnyProcessor, DriverOutput } from "../../driver/topology-driver.js";
import { inputRecordOf } from "../kafka/input-record.js";
import { headersOf, readTopic, waitForRecords } from "../kafka/kafka-topics.js";
import {
  type ComparedRecord,
  type Comparison,
  compareRecords,
  deadLetterRecord,
  isEqual,
  resultRecord,
  type TopicComparison,
} from "./comparer.js";
import { type OfflineDeadLetter, recompute } from "./offline-model.js";

/** The services of the linear race. */
export const LINEAR_CHAIN: readonly AnyProcessor[] = [deserializer, rlsRacer];
/** Every service that consumes topics. */
export const CHAIN: readonly AnyProcessor[] = [deserializer, statefulEstimator, rlsRacer, mlRacer];

/** A record of a topic of results, or of the dead letters. */
function comparable(topic: string, record: ConsumedRecord): ComparedRecord {
  if (topic === DEAD_LETTERS_TOPIC) return deadLetterOf(record);
  const { key, value } = record;
  return resultRecord({ topic, key: key?.toString() ?? "", value: value ?? Buffer.alloc(0) });
}

function deadLetterOf(record: ConsumedRecord): ComparedRecord {
  const { service = "", reason = "", topic = "", partition, offset } = headersOf(record);
  return deadLetterRecord(
    { service, reason, topic, partition: Number(partition), offset: Number(offset) },
    record.value,
  );
}

/**
 * Waits until as many records came out as must, then compares every output topic and the dead letters, one after the
 * other: a long run's topics do not fit into memory together. Prints four counts per topic.
 * @param chain       the services that ran
 * @param environment settings that each of them ran with
 */
export async function judge(
  brokers: string,
  chain: readonly AnyProcessor[] = LINEAR_CHAIN,
  environment: Readonly<Record<string, string>> = {},
): Promise<Comparison> {
  const raw = [...(await readTopic(brokers, LINEAR_TOPIC)), ...(await readTopic(brokers, NON_LINEAR_TOPIC))];
  const { outputs, deadLetters } = recomputeInParts(chain, raw.map(inputRecordOf), environment);
  const counts = new Map([...outputs].map(([topic, records]) => [topic, records.length]));
  counts.set(DEAD_LETTERS_TOPIC, deadLetters.length);
  // All of them first: a topic that has its records may get one too many while its neighbours still grow.
  for (const [topic, count] of counts) await waitForRecords(brokers, topic, count).catch(() => undefined);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  console.log(`      ${raw.length} raw records, ${total} results expected`);

  const topics = new Map<string, TopicComparison>();
  for (const topic of counts.keys()) {
    const expected =
      topic === DEAD_LETTERS_TOPIC
        ? deadLetters.map(({ service, reason, record }) =>
            deadLetterRecord({ service, reason, ...record }, record.value),
          )
        : (outputs.get(topic) ?? []).map(({ key, value }) => resultRecord({ topic, key, value }));
    const actual = (await readTopic(brokers, topic)).map((record) => comparable(topic, record));
    if (expected.length + actual.length === 0) continue;
    const { topics: compared } = compareRecords(expected, actual, (report) =>
      console.log(report.replace(/^/gm, "      ")),
    );
    for (const [name, comparison] of compared) topics.set(name, comparison);
  }
  return { equal: isEqual(topics), topics };
}

/** Series that are recomputed together: the states of many wide ones would not fit into memory. */
const SERIES_TOGETHER = 2000;

/** As {@link recompute}, without the states. No series depends on another. */
function recomputeInParts(
  chain: readonly AnyProcessor[],
  records: readonly InputRecord[],
  environment: Readonly<Record<string, string>>,
) {
  const environments = Object.fromEntries(chain.map(({ name }) => [name, environment]));
  const parts: InputRecord[][] = [];
  const partOf = new Map<string, number>();
  for (const record of records) {
    const series = record.key?.toString("latin1") ?? "";
    const part = partOf.get(series) ?? Math.floor(partOf.size / SERIES_TOGETHER);
    partOf.set(series, part);
    parts[part] ??= [];
    parts[part].push(record);
  }
  const outputs = new Map<string, DriverOutput[]>();
  const deadLetters: OfflineDeadLetter[] = [];
  for (const part of parts.length === 0 ? [[]] : parts) {
    const result = recompute(chain, part, { environments });
    for (const [topic, written] of result.outputs) outputs.set(topic, [...(outputs.get(topic) ?? []), ...written]);
    deadLetters.push(...result.deadLetters);
  }
  return { outputs, deadLetters };
}

/** Names of the producer's series. */
const PRODUCED = /^s\d+$/;

/** The producer's own promise: each of its `series` series of a raw topic has every i exactly once, in order. */
export async function assertCountersFollow(brokers: string, series: number): Promise<number> {
  let records = 0;
  for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) {
    const next = new Map<string, number>();
    for (const { key, value } of await readTopic(brokers, topic)) {
      const name = key?.toString() ?? "";
      if (!PRODUCED.test(name)) continue;
      const i = Number(/^\[(\d+),/.exec(value?.toString() ?? "")?.[1]);
      assert.equal(i, next.get(name) ?? 0, `${topic}, ${name}`);
      next.set(name, i + 1);
      records++;
    }
    assert.equal(next.size, series);
  }
  return records;
}
