import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { groupTimeouts } from "../../deploy/local/kafka-properties.js";
import { partitionOfKey } from "../../shared/partitioner.js";
import { createTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { RunningCommand } from "../support/services/command-runner.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TOPIC = "dataLinearModel";
const TASKS = 4;
const MODELS = 2;
const RECORDS = 12;
const PLAIN = Array.from({ length: 8 }, (_, k) => `s${k}`);
const NAMES = [...PLAIN, "a/b", "x\0y", "..", ".", "%2F", "ü\n?key=#", ""];
const HOSTS = ["a", "b"] as const;

const raceSchema = z.object({
  features: z.number(),
  N: z.number(),
  rows: z.array(z.array(z.number())),
  models: z.array(z.object({ name: z.string(), errors: z.array(z.number()) })),
});
const answerSchema = z.object({
  service: z.literal("rls-racer"),
  topic: z.literal(TOPIC),
  series: z.string(),
  partition: z.number(),
  instance: z.string(),
  stale: z.union([z.literal(false), z.object({ lagRecords: z.number().nullable() })]),
  state: z.looseObject({ race: raceSchema }),
});

/** y of a series at step i: no two are the same. */
const target = (name: string, i: number) => 100 * NAMES.indexOf(name) + i;

describe("asking for a series", function () {
  this.timeout(300_000);
  // As the brokers of docker compose and npm start: an owner's word is good for less than this session.
  const stack = stackFor({ properties: groupTimeouts(6000, 500) });
  const racers = new Map<string, RunningService>();
  let deserializer: RunningService;
  let steps = 0;
  /** Forecasts and scores of each model that are of no series of {@link NAMES}. */
  let others = 0;

  const racer = (host: string): RunningService => {
    const service = racers.get(host);
    assert.ok(service);
    return service;
  };
  const start = (host: string) => {
    const environment = { INSTANCE_ID: host, STATE_DIR: join(stack.directory, host), STANDBY_REPLICAS: "1" };
    racers.set(host, stack.start("rls-racer", environment));
  };
  const tasksOf = (host: string) => racer(host).metric("regatta_tasks", { state: "running" });

  before(async () => {
    await createTopic(stack.brokers, TOPIC, TASKS);
    deserializer = stack.start("deserializer", { INPUT_TOPICS: TOPIC });
    await deserializer.ready(TASKS);
    for (const host of HOSTS) start(host);
    await shared();
    await write(RECORDS);
  });

  /** Both hosts have tasks, and a warm copy of every task of the other. */
  const shared = () =>
    waitFor("both hosts to have tasks and copies", async () => {
      const [a, b] = await Promise.all(HOSTS.map(tasksOf));
      const copies = await Promise.all(HOSTS.map((host) => racer(host).metric("regatta_standby_tasks")));
      const lags = await Promise.all(HOSTS.map((host) => racer(host).metric("regatta_standby_lag_records")));
      return a > 0 && b > 0 && a + b === TASKS && copies[0] === b && copies[1] === a && lags[0] + lags[1] === 0;
    });

  /** Writes more observations of each series, and waits until they are raced. */
  async function write(records: number): Promise<void> {
    const written = NAMES.flatMap((name) =>
      Array.from({ length: records }, (_, k) => {
        const i = steps + k;
        return { topic: TOPIC, key: Buffer.from(name), value: `[${i}, ${target(name, i)}, ${Math.sin(i)}, ${i % 3}]` };
      }),
    );
    await writeRecords(stack.brokers, written);
    steps += records;
    await waitForRecords(stack.brokers, "rls-predictions", (others + steps * NAMES.length) * MODELS);
  }

  const pathOf = (series: string, more: Readonly<Record<string, string>> = {}) =>
    `/query?${new URLSearchParams({ topic: TOPIC, series, ...more })}`;
  const ask = async (host: string, series: string, more: Readonly<Record<string, string>> = {}) => {
    const { status, text } = await racer(host).get(pathOf(series, more));
    return { status, body: JSON.parse(text) as unknown };
  };
  /** The answer as far as a reader can check it: as many observations as were written, and the newest is the last of them. */
  const checked = (name: string, body: unknown, records = steps) => {
    const answer = answerSchema.parse(body);
    const { race } = answer.state;
    assert.equal(answer.series, name);
    assert.equal(answer.partition, partitionOfKey(Buffer.from(name), TASKS));
    assert.equal(race.N, records, JSON.stringify(name));
    assert.deepEqual(
      race.rows.map(([y]) => y),
      Array.from({ length: 10 }, (_, age) => target(name, records - 1 - age)),
    );
    return answer;
  };

  it("gets the owner's answer at every instance, whatever the series is called", async () => {
    const owners = new Set<string>();
    for (const name of NAMES) {
      const answers = [];
      for (const host of HOSTS) {
        const { status, body } = await ask(host, name);
        assert.equal(status, 200, JSON.stringify(body));
        answers.push(checked(name, body));
        const state = await racer(host).get(`/state/race/${encodeURIComponent(`${TOPIC}/${name}`)}`);
        assert.deepEqual(JSON.parse(state.text), Object(body).state.race);
      }
      assert.deepEqual(answers[0], answers[1]);
      assert.equal(answers[0].stale, false);
      owners.add(answers[0].instance);
    }
    assert.deepEqual([...owners].sort(), ["a/0", "b/0"]);
  });

  it("says at every instance that there is no such series", async () => {
    for (const host of HOSTS) {
      const { status, body } = await ask(host, "nobody");
      assert.deepEqual(
        { status, body },
        { status: 404, body: { error: `no series "nobody" of ${TOPIC} of rls-racer` } },
      );
    }
  });

  it("finds a series that lies elsewhere than its name says: of records without a key", async () => {
    const partition = [0, 1, 2, 3].find((one) => partitionOfKey(Buffer.from(`${TOPIC}/${one}`), TASKS) !== one) ?? 0;
    await writeRecords(stack.brokers, [{ topic: TOPIC, partition, key: null, value: "[7, 1, 2, 3]" }]);
    const found = await waitFor("the series", async () => {
      const { status, text } = await deserializer.get(pathOf(`${TOPIC}/${partition}`));
      return status === 200 && JSON.parse(text);
    });
    assert.equal(found.partition, partition);
    assert.equal(found.state.series.lastI, 7);
  });

  it("shows its open questions, what was forecast for each, and none once their labels have come", async () => {
    const topic = `${TOPIC}.observations`;
    const series = "asked";
    const observe = (i: number, y: number | null) => ({
      topic,
      key: series,
      value: JSON.stringify({ topic: TOPIC, series, i, y, x: [i, 1] }),
      timestamp: 1_000_000 + i,
    });
    const ledger = (count: number) =>
      waitFor(`${count} open questions`, async () => {
        const { status, body } = await ask("b", series);
        const { state } = Object(body);
        return status === 200 && state.ledger?.open.length === count && state;
      });
    await writeRecords(stack.brokers, [observe(0, 3), observe(1, null), observe(2, null)]);
    const { questions, ledger: open } = await ledger(2);
    assert.deepEqual(open.open, [
      { i: 1, asked: 1_000_001 },
      { i: 2, asked: 1_000_002 },
    ]);
    assert.deepEqual(
      questions.map(({ slot, x }: { slot: number; x: number[] }) => [slot, x]),
      [
        [1, [1, 1]],
        [2, [2, 1]],
      ],
    );
    for (const { forecasts } of questions) assert.ok(forecasts.length === MODELS && forecasts.every(Number.isFinite));
    await writeRecords(stack.brokers, [observe(2, 5), observe(1, 4)]);
    assert.deepEqual((await ledger(0)).questions, []);
    others += 5;
  });

  it("is a command that finds an instance by itself, and shows rows beside the errors of the models", async () => {
    const query = async (...args: string[]) =>
      RunningCommand.start("query", args, { KAFKA_BROKERS: stack.brokers }).ended();
    const shown = await query("rls-racer", "s1");
    assert.equal(shown.code, 0, shown.stderr);
    const lines = shown.stdout.split("\n");
    const partition = partitionOfKey(Buffer.from("s1"), TASKS);
    assert.match(lines[0], new RegExp(`^rls-racer: s1 of ${TOPIC}, partition ${partition}, at [ab]/0$`));
    assert.ok(
      lines.some((line) => new RegExp(`^features 2 {2}N ${RECORDS} {2}leader rls[12]`).test(line)),
      shown.stdout,
    );
    const head = lines.findIndex((line) => /^ *y +rls1 error +rls2 error +x1 +x2$/.test(line));
    assert.ok(head > 0, shown.stdout);
    for (let age = 0; age < 10; age++)
      assert.equal(Number(lines[head + 1 + age].trim().split(/ +/)[0]), target("s1", RECORDS - 1 - age));

    for (const name of ["a/b", "x\0y", ".."]) {
      const { code, stdout, stderr } = await query(
        "rls-racer",
        "--json",
        "--escaped",
        JSON.stringify(name).slice(1, -1),
      );
      assert.equal(code, 0, stderr);
      checked(name, JSON.parse(stdout));
    }
    const url = await racer("a").url();
    const direct = await query("rls-racer", "s2", "--topic", TOPIC, "--json", "--url", url);
    checked("s2", JSON.parse(direct.stdout));
  });

  it("by command says what is wrong: no such series, no such instance, another service, a wrong command line", async () => {
    const query = async (...args: string[]) =>
      RunningCommand.start("query", args, { KAFKA_BROKERS: stack.brokers }).ended();
    const [missing, absent, another, wrong] = await Promise.all([
      query("rls-racer", "nobody"),
      query("ml-racer", "s1"),
      query("ml-racer", "s1", "--url", await racer("a").url()),
      query("rls-racer"),
    ]);
    assert.match(missing.stderr, /no series "nobody" of dataLinearModel of rls-racer/);
    assert.match(
      absent.stderr,
      /no instance of ml-racer is known there: start one, set KAFKA_BROKERS and APPLICATION_ID/,
    );
    assert.match(another.stderr, /expected ml-racer at .*, but regatta-rls-racer answers there/);
    assert.match(wrong.stderr, /missing required argument 'series'/);
    assert.deepEqual(
      [missing, absent, another, wrong].map(({ code }) => code),
      [1, 1, 1, 2],
    );
  });

  it("while the owner is dead gets no answer or the right one; a copy's where that is asked for", async () => {
    await shared();
    const ofDead = [];
    for (const name of NAMES) if (Object((await ask("b", name)).body).instance === "a/0") ofDead.push(name);
    assert.ok(ofDead.length > 0);
    await racer("a").kill();
    const stale = await ask("b", ofDead[0], { stale: "true" });
    assert.equal(stale.status, 200, JSON.stringify(stale.body));
    const copy = checked(ofDead[0], stale.body);
    assert.deepEqual([copy.instance, copy.stale], ["b/0", { lagRecords: 0 }]);
    const refused = await racer("b").get(pathOf(ofDead[0]));
    assert.equal(refused.status, 503);
    assert.match(refused.text, /a\/0 does not answer .*Ask again in a moment, or with stale=true/);
    await waitFor("the survivor to answer for all", async () => {
      const answers = await Promise.all(NAMES.map((name) => ask("b", name)));
      for (const [at, { status, body }] of answers.entries())
        if (status === 200) checked(NAMES[at], body);
        else assert.equal(status, 503, JSON.stringify(body));
      return answers.every(({ status }) => status === 200);
    });
    const waited = await RunningCommand.start("query", ["rls-racer", ofDead[0], "--json"], {
      KAFKA_BROKERS: stack.brokers,
    }).ended();
    assert.equal(Object(JSON.parse(waited.stdout)).instance, "b/0");
  });

  it("gets no old answer from an owner that stood still, lost its partitions, and does not know it yet", async () => {
    start("a");
    await shared();
    await waitFor("every series at every instance", async () => {
      const answers = await Promise.all(HOSTS.flatMap((host) => NAMES.map((name) => ask(host, name))));
      return answers.every(({ status }) => status === 200);
    });
    racer("b").signal("SIGSTOP");
    await waitFor("the other to have everything", async () => (await tasksOf("a")) === TASKS);
    await write(1);
    // They reach it as it continues. Where Kafka's news is faster, it asks the new owner, and none of them is refused.
    const asked = NAMES.map((name) => ask("b", name));
    racer("b").signal("SIGCONT");
    let refusals = 0;
    const check = (name: string, { status, body }: { status: number; body: unknown }) => {
      if (status === 200) return void checked(name, body);
      refusals++;
      assert.equal(status, 503, JSON.stringify(body));
    };
    for (const [at, answer] of (await Promise.all(asked)).entries()) check(NAMES[at], answer);
    console.log(`      ${refusals} of ${NAMES.length} were refused at first`);
    await waitFor("both to answer for all", async () => {
      const before = refusals;
      for (const host of HOSTS) for (const name of NAMES) check(name, await ask(host, name));
      return refusals === before;
    });
    for (const service of [...racers.values(), deserializer]) assert.equal(await service.stop(), 0);
  });
});
