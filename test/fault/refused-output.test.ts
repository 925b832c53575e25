import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import {
  createTopic,
  deleteTopic,
  headersOf,
  type RawRecord,
  readTopic,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const DAY_MS = 86_400_000;
const SMALL = { "max.message.bytes": "5000" };
/** Features of an observation that such a topic does not take. */
const WIDE = 600;
const REFUSED = "output refused: the record at fault is searched for";
/** Of a topic of dead letters as somebody makes it who does not know better. */
const ENVELOPES = "a topic takes less than it may be given: of larger records only an envelope is left";
/** Times that a service is killed amid the search. */
const KILLS = 3;

describe("output that its topic refuses for good", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    // As somebody makes it who does not know better: by Kafka's defaults for size, and for records of today.
    await createTopic(stack.brokers, DEAD_LETTERS_TOPIC, 1, { "message.timestamp.before.max.ms": String(DAY_MS) });
  });

  for (const guarantee of ["exactly_once", "at_least_once"]) {
    it(`for its size costs its record alone, which is in dead-letters with the broker's reason: ${guarantee}`, async () => {
      const topic = `size-${guarantee}`;
      await makeTopics(topic, SMALL);
      const records = [...good(topic, 0, 40), wide(topic, "wide"), ...good(topic, 40, 80)];
      await writeRecords(stack.brokers, records);
      const deserializer = start("deserializer", topic, { INPUT_TOPICS: topic, PROCESSING_GUARANTEE: guarantee });
      const [letter] = await lettersOf(topic, 1);
      await waitForRecords(stack.brokers, `${topic}.observations`, 80);
      assert.deepEqual(letter.value?.toString(), records[40].value);
      const { reason, message, service, offset } = headersOf(letter);
      assert.deepEqual({ reason, service }, { reason: "refused-by-broker", service: "deserializer" });
      assert.equal(Number(offset), letterPlace(records, 40));
      assert.match(message, new RegExp(`${topic}.observations .*Message size too large`));
      await assertEvery(topic, 80, guarantee === "exactly_once");
      await waitFor("the counters", async () => (await deserializer.metric("regatta_records_consumed_total")) === 81);
      if (guarantee === "exactly_once") assert.equal(await deserializer.metric("regatta_records_produced_total"), 80);
      assert.equal(await deserializer.metric("regatta_dead_letters_total"), 1);
      assert.equal(await deserializer.metric("regatta_aborts_total", { cause: "kafka" }), 0);
      assert.doesNotMatch(JSON.stringify(deserializer.lines), /Erroneous state/);
      await deserializer.logged(
        "a topic takes less than it may be given: records with larger results become dead letters",
      );
      await deserializer.logged(ENVELOPES);
      assert.equal(await deserializer.stop(), 0);
    });
  }

  it("record for record, every second time, costs few transactions: the next of its kind is rejected at once", async () => {
    const topic = "storm";
    await makeTopics(topic, SMALL);
    await writeRecords(
      stack.brokers,
      good(topic, 0, 200).flatMap((record, k) => [record, wide(topic, `wide${k}`)]),
    );
    const deserializer = start("deserializer", topic, { INPUT_TOPICS: topic });
    await lettersOf(topic, 200);
    await assertEvery(topic, 200, true);
    const aborts = await deserializer.metric("regatta_aborts_total");
    assert.ok(aborts > 0 && aborts < 25, `${aborts} aborts`);
    assert.equal(await deserializer.stop(), 0);
  });

  it("for its timestamp costs the record, whose dead letter bears the time of its rejection where its own is refused too; by a changelog no other", async () => {
    const topic = "old";
    await makeTopics(topic, { "message.timestamp.before.max.ms": String(DAY_MS) });
    await createTopic(stack.brokers, `${topic}-deserializer-series-changelog`, 2, {
      "cleanup.policy": "compact",
      "max.message.bytes": "1000",
    });
    const stamped = Date.now() - 3 * DAY_MS;
    const series = "long".repeat(250);
    await writeRecords(stack.brokers, [
      ...good(topic, 0, 40).map((record, i) => (i % 8 === 5 ? { ...record, timestamp: stamped } : record)),
      { topic, key: series, partition: 0, value: "[0, 1, 2]" },
    ]);
    const deserializer = start("deserializer", topic, { INPUT_TOPICS: topic });
    const letters = await lettersOf(topic, 6);
    const [tooLong] = letters.filter(({ key }) => key?.toString() === series);
    assert.match(headersOf(tooLong).message, /expected old-deserializer-series-changelog .*Message size too large/);
    assert.equal(letters.length, 6);
    for (const letter of letters) {
      if (letter === tooLong) continue;
      const { reason, message, timestamp, envelope } = headersOf(letter);
      assert.deepEqual([reason, timestamp, envelope], ["refused-by-broker", String(stamped), undefined]);
      assert.match(message, /Invalid timestamp/);
      assert.match(letter.value?.toString() ?? "", /^\[\d+, /);
    }
    await waitForRecords(stack.brokers, `${topic}.observations`, 35);
    assert.equal(await deserializer.stop(), 0);
  });

  it("by the topic of dead letters leaves an envelope with the reason that the record had, and of the next, which fits, all", async () => {
    const topic = "garbage";
    // Its transaction is aborted, so that the record with its configuration is gone as well.
    await makeTopics(topic, { "message.timestamp.type": "LogAppendTime" }, { "max.message.bytes": "3000000" });
    const bad = { topic, key: "s0", partition: 0 };
    const value = Buffer.alloc(1_200_000, "x");
    await writeRecords(stack.brokers, [
      ...good(topic, 0, 8),
      { ...bad, value: "its headers", headers: [{ large: "h".repeat(1_200_000) }] },
      { ...bad, value: "this one, which is longer" },
      { ...bad, value },
      ...good(topic, 8, 16),
    ]);
    const deserializer = start("deserializer", topic, { INPUT_TOPICS: topic });
    const letters = await lettersOf(topic, 3);
    assert.deepEqual(
      letters.map(headersOf).map(({ reason, envelope }) => [reason, envelope]),
      [
        ["not-an-observation", "true"],
        ["not-an-observation", undefined],
        ["too-long", "true"],
      ],
    );
    const lengths = letters.map(
      (letter) => JSON.parse(letter.value?.toString().replace("this one, which is longer", "null") ?? "")?.length,
    );
    assert.deepEqual(lengths, ["its headers".length, undefined, value.length]);
    await assertEvery(topic, 16, true);
    assert.equal(await deserializer.stop(), 0);
  });

  it("by any topic of results, and by a changelog, costs each service that record alone", async () => {
    const ahead = { "message.timestamp.after.max.ms": "60000" };
    const bytes = (limit: number) => ({ "max.message.bytes": String(limit) });
    const compacted = { "cleanup.policy": "compact" };
    await createTopic(stack.brokers, "kinds.observations", 2);
    await createTopic(stack.brokers, "estimates", 2, { ...bytes(4000), ...ahead });
    for (const race of ["rls", "ml"]) {
      await createTopic(stack.brokers, `${race}-predictions`, 2, bytes(4000));
      await createTopic(stack.brokers, `${race}-standings`, 2, { ...compacted, ...ahead });
    }
    const changelogs = { "stateful-estimator-series": 1100, "rls-racer-race": 1520, "ml-racer-race": 1920 };
    for (const [name, limit] of Object.entries(changelogs))
      await createTopic(stack.brokers, `kinds-${name}-changelog`, 2, { ...compacted, ...bytes(limit) });
    // A name that is long in JSON; one that is too long for a key; one of records that are stamped too far ahead.
    const bad = ["\u0001".repeat(700), "long".repeat(250), "ahead"];
    const records = Array.from({ length: 40 }, (_, i) => observation(`s${i % 4}`, i));
    records.splice(10, 0, observation(bad[0], 0));
    records.splice(20, 0, observation(bad[1], 0));
    records.splice(30, 0, { ...observation(bad[2], 0), timestamp: Date.now() + 10 * 60_000 });
    await writeRecords(stack.brokers, records);
    const results = {
      "stateful-estimator": {
        topic: "estimates",
        perRecord: 1,
        refuse: ["estimates", "series-changelog", "estimates"],
      },
      "rls-racer": { topic: "rls-predictions", perRecord: 2, refuse: ["predictions", "race-changelog", "standings"] },
      "ml-racer": { topic: "ml-predictions", perRecord: 3, refuse: ["predictions", "race-changelog", "standings"] },
    };
    // The limits of the changelogs are for races that keep no i's of answered observations.
    const environment = { INPUT_TOPICS: "kinds.observations", ML_THREADS: "1", LABEL_DONE_MAX: "0" };
    const services = Object.keys(results).map((name) => start(name, "kinds", environment));
    const letters = await lettersOf("kinds.observations", 9);
    for (const [name, { topic, perRecord, refuse }] of Object.entries(results)) {
      const own = letters.filter((letter) => headersOf(letter).service === name);
      assert.deepEqual(own.map(({ key }) => key?.toString()).sort(), bad.toSorted(), name);
      for (const letter of own) {
        const { reason, message } = headersOf(letter);
        const kind = bad.indexOf(letter.key?.toString() ?? "");
        assert.equal(reason, "refused-by-broker");
        const words = kind === 2 ? "Invalid timestamp" : "Message size too large";
        assert.match(message, new RegExp(`expected \\S*${refuse[kind]} .*${words}`), name);
      }
      await waitForRecords(stack.brokers, topic, 40 * perRecord);
      const found = await readTopic(stack.brokers, topic);
      const expected = records.filter(({ key }) => !bad.includes(String(key)));
      assert.deepEqual(stepsBySeries(found), stepsBySeries(expected, perRecord), topic);
    }
    for (const race of ["rls", "ml"]) {
      const standings = await readTopic(stack.brokers, `${race}-standings`);
      assert.deepEqual(
        [...new Set(standings.map(({ key }) => key?.toString()))].sort(),
        ["s0", "s1", "s2", "s3"].map((series) => `kinds/${series}`),
      );
    }
    for (const service of services) assert.equal(await service.stop(), 0);
  });

  it("costs a source the record alone, and it goes on with the next", async () => {
    await createTopic(stack.brokers, "replayed", 2, SMALL);
    await createTopic(stack.brokers, "generated", 2, { "max.message.bytes": "300" });
    const lines = Array.from({ length: 30 }, (_, i) => `[${i}, 1, ${i === 11 ? "1.25, ".repeat(1000) : ""}2]`);
    const file = join(stack.directory, "lines.jsonl");
    mkdirSync(stack.directory, { recursive: true });
    writeFileSync(file, `${lines.join("\n")}\n`);
    const replay = start("producer", "replay", { REPLAY_FILE: file, REPLAY_TOPIC: "replayed", RATE: "1000" });
    const [letter] = await lettersOf("replayed", 1);
    assert.equal(letter.value?.toString(), lines[11]);
    const { service, reason, partition } = headersOf(letter);
    assert.deepEqual([service, reason, partition], ["producer", "refused-by-broker", undefined]);
    await waitForRecords(stack.brokers, "replayed", 29);
    const sent = (await readTopic(stack.brokers, "replayed")).map(({ value }) => value?.toString());
    assert.deepEqual(sent, lines.toSpliced(11, 1));
    assert.equal(await replay.stop(), 0);

    const settings = { PRODUCER_TOPICS: "generated:linear,plenty:linear", RATE: "1000", RECORDS: "20", FEATURES: "15" };
    const generator = start("producer", "generator", settings);
    await lettersOf("generated", 40);
    await waitForRecords(stack.brokers, "plenty", 40);
    assert.equal(await generator.stop(), 0);
    assert.equal((await readTopic(stack.brokers, "generated")).length, 0);
  });

  it("is found and rejected once, and every other record is there once, also when the search is killed again and again", async () => {
    const topic = "killed";
    await makeTopics(topic, SMALL);
    const records = [0, 1, 2, 3].flatMap((k) => [...good(topic, 60 * k, 60 * (k + 1)), wide(topic, `wide${k}`)]);
    await writeRecords(stack.brokers, records);
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = start("deserializer", topic, { INPUT_TOPICS: topic });
      await victim.logged(REFUSED);
      await victim.kill();
    }
    const deserializer = start("deserializer", topic, { INPUT_TOPICS: topic });
    await lettersOf(topic, 4);
    await assertEvery(topic, 240, true);
    assert.equal((await lettersOf(topic, 4)).length, 4);
    assert.equal(await deserializer.stop(), 0);
  });

  it("by the topic of dead letters, the envelope too, ends the service with the reason and 78", async () => {
    const topic = "hopeless";
    await makeTopics(topic, {});
    await createTopic(stack.brokers, "known", 2);
    const deserializer = start("deserializer", topic, { INPUT_TOPICS: topic });
    await deserializer.ready(2);
    await deserializer.logged(ENVELOPES);
    await deleteTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    await createTopic(stack.brokers, DEAD_LETTERS_TOPIC, 1, { "max.message.bytes": "100" });
    await writeRecords(stack.brokers, [...good(topic, 0, 8), { topic, key: "s0", value: "no observation" }]);
    assert.equal(await deserializer.exited(), EXIT_CONFIGURATION);
    assert.match(
      deserializer.lines.at(-1)?.msg ?? "",
      /dead-letters refuses even an envelope .*Message size too large/,
    );
  });

  for (const [config, expected] of [
    [{ "max.message.bytes": "100" }, /dead-letters takes less than 4096 bytes.*--add-config max\.message\.bytes=/],
    [{ "cleanup.policy": "compact" }, /dead-letters is compacted.*--add-config cleanup\.policy=delete/],
  ] as const) {
    it(`is known at the start where dead letters could not be kept at all, which ends the service with 78: ${Object.keys(config)}`, async () => {
      await deleteTopic(stack.brokers, DEAD_LETTERS_TOPIC);
      await createTopic(stack.brokers, DEAD_LETTERS_TOPIC, 1, { ...config });
      const deserializer = start("deserializer", "known", { INPUT_TOPICS: "known" });
      assert.equal(await deserializer.exited(), EXIT_CONFIGURATION);
      assert.match(deserializer.lines.at(-1)?.msg ?? "", expected);
    });
  }

  function start(name: string, application: string, environment: Readonly<Record<string, string>>): RunningService {
    return stack.start(name, { APPLICATION_ID: application, TOPIC_PARTITIONS: "2", ...environment });
  }

  async function makeTopics(
    topic: string,
    config: Record<string, string>,
    rawConfig: Record<string, string> = {},
  ): Promise<void> {
    await createTopic(stack.brokers, topic, 2, rawConfig);
    await createTopic(stack.brokers, `${topic}.observations`, 2, config);
  }

  /** Waits for as many dead letters of a topic's records; all that there are. */
  async function lettersOf(topic: string, count: number): Promise<ConsumedRecord[]> {
    return waitFor(`${count} dead letters of ${topic}`, async () => {
      const letters = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
      const found = letters.filter((letter) => headersOf(letter).topic === topic);
      return found.length >= count && found;
    });
  }

  /** Every i from 0 on has its observation, in order per series; exactly one or at least one. */
  async function assertEvery(topic: string, count: number, once: boolean): Promise<void> {
    const numberOf = ({ value }: ConsumedRecord) => Number(JSON.parse(value?.toString() ?? "").i);
    // Repeats may come before the last of them: records that are counted are not all different.
    const observations = await waitFor(`${count} different observations on ${topic}`, async () => {
      const found = await readTopic(stack.brokers, `${topic}.observations`);
      return new Set(found.map(numberOf)).size >= count && found;
    });
    const numbers = observations.map(numberOf);
    const expected = Array.from({ length: count }, (_, i) => i);
    if (once) assert.equal(numbers.length, count);
    assert.deepEqual(
      [...new Set(numbers)].sort((a, b) => a - b),
      expected,
    );
    for (const partition of [0, 1]) {
      const bySeries = new Map<string, number>();
      for (const { partition: at, key, value } of observations) {
        if (at !== partition || !once) continue;
        const { i } = JSON.parse(value?.toString() ?? "");
        assert.ok(i > (bySeries.get(String(key)) ?? -1), `${key}: ${i} comes late`);
        bySeries.set(String(key), i);
      }
    }
  }
});

/** Observations that every topic takes. */
function good(topic: string, from: number, to: number): RawRecord[] {
  return Array.from({ length: to - from }, (_, k) => ({
    topic,
    key: `s${k % 8}`,
    partition: k % 2,
    value: `[${from + k}, ${Math.sin(k)}, ${Math.cos(k)}, 1]`,
  }));
}

function wide(topic: string, key: string): RawRecord {
  const x = Array.from({ length: WIDE }, (_, j) => j + 0.123456789);
  return { topic, key, partition: 1, value: `[0, 1.5, ${x.join(", ")}]` };
}

function observation(series: string, i: number): RawRecord {
  const x = [Math.sin(i), Math.sin(i + 1)];
  return {
    topic: "kinds.observations",
    key: series,
    value: JSON.stringify({ topic: "kinds", series, i, y: Math.cos(i), x }),
  };
}

/** The i of each series' records in their order, each `times` times. */
function stepsBySeries(records: readonly (ConsumedRecord | RawRecord)[], times = 1): Map<string, number[]> {
  const steps = new Map<string, number[]>();
  for (const { key, value } of records) {
    const of = steps.get(String(key)) ?? [];
    steps.set(String(key), of);
    for (let time = 0; time < times; time++) of.push(Number(JSON.parse(String(value)).i));
  }
  return steps;
}

/** Offset of a record among those of its partition. */
function letterPlace(records: readonly RawRecord[], index: number): number {
  return records.slice(0, index).filter(({ partition }) => partition === records[index].partition).length;
}
