import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC, observationsTopic } from "../../shared/contract/topics.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { recompute } from "../support/judge/offline-model.js";
import { CHAIN, judge } from "../support/judge/verdict.js";
import { addPartitions, createTopic, readTopic, topicEnd, writeRecords } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { type Ended, RunningCommand } from "../support/services/command-runner.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SERIES = 12;
const RAW = [LINEAR_TOPIC, NON_LINEAR_TOPIC];
const OBSERVATIONS = RAW.map((name) => observationsTopic(name).name);
const READERS = ["stateful-estimator", "rls-racer", "ml-racer"] as const;
const OBSERVATIONS_OF: Readonly<Record<string, readonly string[]>> = {
  "stateful-estimator": OBSERVATIONS,
  "rls-racer": [observationsTopic(LINEAR_TOPIC).name],
  "ml-racer": [observationsTopic(NON_LINEAR_TOPIC).name],
};
/** What the command says after each of its steps. */
const STEPS = ["plan written", "changelogs and group have", "changelog records copied", "deleted where they were"];

describe("more partitions", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const command = (environment: Readonly<Record<string, string>>, ...args: string[]) =>
    RunningCommand.start("repartition", args, { KAFKA_BROKERS: stack.brokers, ...environment });

  async function done(running: RunningCommand): Promise<Ended> {
    const ended = await running.ended();
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    return ended;
  }

  /** Runs the command and kills it after each of its steps in turn; then to its end. */
  async function killedAndRepeated(environment: Readonly<Record<string, string>>, service: string): Promise<void> {
    for (const step of STEPS) {
      const killed = command(environment, service, "--yes");
      await killed.said("stdout", step);
      killed.signal("SIGKILL");
      await killed.ended();
    }
    await done(command(environment, service, "--yes"));
  }

  it("given to every topic of a running pipeline change no result, with the state moved by a command that is killed at every step", async () => {
    const environment = { TOPIC_PARTITIONS: "2", ML_MODELS: "lin", SERIES: String(SERIES) };
    const start = (name: string) => stack.start(name, environment);
    const consumed = (service: RunningService) => service.metric("regatta_records_consumed_total");
    for (const topic of RAW) await createTopic(stack.brokers, topic, 2);
    let next = 0;
    /** `count` records of each series, and of the series of each of `keyless` partitions. */
    async function write(count: number, keyless: number): Promise<number> {
      const records = Array.from({ length: count }, (_, k) => next + k).flatMap((i) =>
        RAW.flatMap((topic) => [
          ...Array.from({ length: SERIES }, (_, s) => ({ topic, key: `s/${s}`, value: rowOf(i, s) })),
          ...Array.from({ length: keyless }, (_, partition) => ({
            topic,
            partition,
            key: null,
            value: rowOf(i, partition),
          })),
        ]),
      );
      next += count;
      await writeRecords(stack.brokers, records);
      return records.length;
    }
    const total = async (topics: readonly string[]) =>
      (await Promise.all(topics.map((topic) => readTopic(stack.brokers, topic)))).flat().length;
    const readAll = (service: RunningService) => {
      const inputs = OBSERVATIONS_OF[service.name] ?? [];
      return waitFor(`${service.name} to read all`, async () => (await consumed(service)) === (await total(inputs)));
    };

    let written = await write(30, 2);
    const first = start("deserializer");
    await waitFor("all observations", async () => (await consumed(first)) === written);
    const readers = READERS.map(start);
    for (const reader of readers) await readAll(reader);

    // A running service keeps processing the partitions that it has, and reports the others.
    for (const topic of RAW) await addPartitions(stack.brokers, topic, 4);
    await waitFor("the service to notice", async () => (await first.metric("regatta_input_partitions_unread")) === 4);
    await waitFor("a writer to know them", async () => {
      const before = await topicEnd(stack.brokers, LINEAR_TOPIC);
      written += await write(1, 2);
      return (await topicEnd(stack.brokers, LINEAR_TOPIC)) > before;
    });
    const inOld = async () =>
      (await Promise.all(RAW.map((topic) => readTopic(stack.brokers, topic))))
        .flat()
        .filter(({ partition }) => partition < 2).length;
    await waitFor("the old partitions to be read", async () => (await consumed(first)) === (await inOld()));
    assert.equal((await first.get("/ready")).status, 200);
    const early = await command(environment, "deserializer", "--yes").ended();
    assert.match(early.stderr, /group regatta-deserializer has 1 members: stop every instance of deserializer first/);
    assert.equal(await first.stop(), 0);

    const dry = await done(command(environment, "deserializer"));
    assert.match(
      dry.stdout,
      /regatta-deserializer: from 2 to 4 partitions\n {2}store series: \d+ of \d+ changelog records move\nNothing was changed/,
    );
    // The same steps as of rls-racer below: killed at each of them only where there is time.
    if (long) await killedAndRepeated(environment, "deserializer");
    else await done(command(environment, "deserializer", "--yes"));
    const second = start("deserializer");
    await second.ready(4);
    assert.equal(await second.metric("regatta_input_partitions_unread"), 0);
    await waitFor("the added partitions to be read", async () => (await total(OBSERVATIONS)) === written);
    assert.equal(await second.stop(), 0);

    // The topics between the services, while nobody writes to them.
    for (const reader of readers) assert.equal(await reader.stop(), 0);
    for (const topic of OBSERVATIONS) await addPartitions(stack.brokers, topic, 4);
    for (const name of READERS) {
      if (name !== "rls-racer") await done(command(environment, name, "--yes"));
      else await killedAndRepeated(environment, name);
    }
    assert.match((await done(command(environment, "rls-racer"))).stdout, /there is nothing to do/);
    for (const name of ["deserializer", ...READERS]) await start(name).ready(4);
    await write(30, 4);
    const { equal } = await judge(stack.brokers, CHAIN, environment);
    assert.ok(equal);
    for (const service of stack.services) if (service.running) assert.equal(await service.stop(), 0);
  });

  it("that are no multiple need the service stopped and all read; it then goes on, also from nothing but its changelog", async () => {
    const input = "odd.observations";
    const environment = { APPLICATION_ID: "odd", INPUT_TOPICS: input };
    const start = () => stack.start("rls-racer", environment);
    await createTopic(stack.brokers, input, 2);
    const written: { key: string; value: string }[] = [];
    async function write(count: number): Promise<void> {
      const records = Array.from({ length: count * SERIES }, (_, k) => {
        const i = written.length / SERIES + Math.floor(k / SERIES);
        const series = `s${k % SERIES}`;
        const value = JSON.stringify({ topic: "odd", series, i, y: Math.sin(i + k), x: [Math.cos(i), i % 7] });
        return { topic: input, key: series, value };
      });
      written.push(...records);
      await writeRecords(stack.brokers, records);
    }
    const stateSchema = z.record(z.string(), z.unknown());
    async function state(service: RunningService): Promise<Record<string, unknown>> {
      const { keys } = z.object({ keys: z.array(z.string()) }).parse(await service.json("/state/race"));
      const found: Record<string, unknown> = {};
      for (const key of keys) found[key] = stateSchema.parse(await service.json(`/state/race/${key}`));
      return found;
    }
    const raced = (service: RunningService) =>
      waitFor("every series to be raced", async () => {
        const races = Object.values(await state(service));
        const n = `"N":${written.length / SERIES}`;
        return races.length === SERIES && races.every((race) => JSON.stringify(race).includes(n));
      });

    await write(20);
    const first = start();
    await raced(first);
    assert.equal(await first.stop(), 0);
    await addPartitions(stack.brokers, input, 3);
    const refused = start();
    assert.equal(await refused.exited(), EXIT_CONFIGURATION);
    assert.match(
      refused.lines.at(-1)?.msg ?? "",
      /odd\.observations has 3 partitions.*npm run repartition -- rls-racer/,
    );
    await write(20);

    const half = command(environment, "rls-racer", "--yes");
    await half.said("stdout", STEPS[1]);
    half.signal("SIGKILL");
    await half.ended();
    const early = start();
    assert.equal(await early.exited(), EXIT_CONFIGURATION);
    assert.match(
      early.lines.at(-1)?.msg ?? "",
      /begun and is not complete.*npm run repartition -- rls-racer --yes again/,
    );
    await done(command(environment, "rls-racer", "--yes"));

    const second = start();
    await raced(second);
    const afterwards = await state(second);
    assert.equal(await second.stop(), 0);
    rmSync(join(stack.stateDirectory, "odd-rls-racer"), { recursive: true });
    const third = start();
    await third.ready(3);
    assert.deepEqual(await state(third), afterwards);
    assert.equal(await third.stop(), 0);

    const inputs = written.map(({ key, value }, offset) => ({
      topic: input,
      partition: 0,
      offset,
      timestamp: 0,
      key: Buffer.from(key),
      value: Buffer.from(value),
    }));
    const { outputs } = recompute([rlsRacer], inputs, { environments: { "rls-racer": environment } });
    const ofSeries = (values: readonly string[]) => {
      const lines = new Map<string, string[]>();
      for (const value of values) {
        const { series } = z.object({ series: z.string() }).parse(JSON.parse(value));
        lines.set(series, [...(lines.get(series) ?? []), value]);
      }
      return lines;
    };
    const predictions = (await readTopic(stack.brokers, "rls-predictions")).map(({ value }) => String(value));
    const expected = ofSeries((outputs.get("rls-predictions") ?? []).map(({ value }) => String(value)));
    const actual = ofSeries(predictions.filter((value) => value.includes('"topic":"odd"')));
    assert.equal(expected.size, SERIES);
    for (const [series, values] of expected)
      assert.deepEqual([...(actual.get(series) ?? [])].sort(), [...values].sort(), series);
  });

  it("are refused where records that are not read lie where their series is no more", async () => {
    const input = "behind.observations";
    const environment = { APPLICATION_ID: "behind", INPUT_TOPICS: input };
    await createTopic(stack.brokers, input, 2);
    const records = Array.from({ length: SERIES }, (_, k) => ({
      topic: input,
      key: `s${k}`,
      value: JSON.stringify({ topic: "behind", series: `s${k}`, i: 0, y: 1, x: [k] }),
    }));
    await writeRecords(stack.brokers, records);
    const service = stack.start("rls-racer", environment);
    await waitFor("all to be read", async () => (await service.metric("regatta_records_consumed_total")) === SERIES);
    assert.equal(await service.stop(), 0);
    await writeRecords(stack.brokers, records);
    await addPartitions(stack.brokers, input, 4);
    const { code, stderr } = await command(environment, "rls-racer", "--yes").ended();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\d+ records that rls-racer has not read lie in partitions that their series have left.*Start rls-racer/,
    );
    // As it says: the service reads what it knows, and then it can be done.
    const reading = stack.start("rls-racer", environment);
    await waitFor("the rest", async () => (await reading.metric("regatta_records_consumed_total")) === SERIES);
    assert.equal(await reading.stop(), 0);
    await done(command(environment, "rls-racer", "--yes"));
    assert.match((await done(command(environment, "producer"))).stdout, /partitions of its own changelog/);
  });
});

/** A raw record of three features that each series has values of its own in. */
function rowOf(i: number, series: number): string {
  const x = [Math.sin(i * 1.3 + series), Math.cos(i * i * 0.7 + series), ((i * 7 + series) % 11) / 11];
  return `[${i}, ${1 + x[0] - 2 * x[1] + 0.5 * x[2]}, ${x.join(", ")}]`;
}
