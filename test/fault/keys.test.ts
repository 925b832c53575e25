import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { SERIES_BYTES_MAX } from "../../shared/contract/observation-record.js";
import { keyOfStep } from "../../shared/contract/record-key.js";
import { DEAD_LETTERS_TOPIC, LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { POSITIONS_KEY } from "../../shared/kernel/changelog/changelog.js";
import { caseRecords } from "../support/data/case-records.js";
import { CHAIN, judge } from "../support/judge/verdict.js";
import {
  createTopic,
  deleteTopic,
  headersOf,
  type RawRecord,
  readTopic,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { seed } from "../support/property.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PARTITIONS = 4;
const RACERS = ["stateful-estimator", "rls-racer", "ml-racer"] as const;
const SETTINGS = { ML_MODELS: "lin" };
const STANDBY = { ...SETTINGS, STANDBY_REPLICAS: "1", INSTANCE_ID: "b" };
/** Keys that end alike up to a NUL, begin alike, are empty, or lie at the ends of what ranges and encodings know. */
const NAMES = [
  "",
  "\0",
  "\0\0",
  "a",
  "a\0",
  "a\0b",
  "a/1",
  "\uffff",
  "\ufeff",
  "😀",
  "\u{10ffff}\0",
  "s\u2028\r\n",
  "é".repeat(512),
];
/** Records with the keys of `NAMES`, one of each; of the non-linear topic those of the case, too. */
const rows = (i: number): RawRecord[] =>
  [LINEAR_TOPIC, NON_LINEAR_TOPIC].flatMap((topic) =>
    NAMES.map((name, n) => ({
      topic,
      key: Buffer.from(name),
      value: `[${i}, ${Math.sin(i * (n + 2))}, ${n}, ${Math.cos(i + n)}]`,
    })),
  );

describe("record keys of any bytes", function () {
  this.timeout(600_000);
  const stack = stackFor();
  let services = new Map<string, RunningService>();

  before(async () => {
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, PARTITIONS);
    await send([LINEAR_TOPIC, NON_LINEAR_TOPIC].flatMap((topic) => caseRecords("k01-integer-keys-a", topic)));
    await send(rows(0));
    start(["deserializer", ...RACERS]);
  });

  const send = (records: readonly RawRecord[]) => writeRecords(stack.brokers, records);
  function start(names: readonly string[], environment: Readonly<Record<string, string>> = SETTINGS): void {
    for (const name of names) services.set(name, stack.start(name, environment));
  }
  const isEqual = async () => assert.ok((await judge(stack.brokers, CHAIN, SETTINGS)).equal);
  const stopAll = async () => {
    for (const service of services.values()) assert.equal(await service.stop(), 0);
    services = new Map();
  };
  const changelogOf = (service: string, store: string) =>
    readTopic(stack.brokers, `regatta-${service}-${store}-changelog`);
  const keysOf = (records: readonly { readonly key?: Buffer | null }[]) => [
    ...new Set(records.map(({ key }) => String(key))),
  ];

  it("are those of every result, standing and state, each for itself", async () => {
    await isEqual();
    const series = [...NAMES, ...[1, 2, 3, 4, 5, 6].map((n) => `\0\0\0${String.fromCharCode(n)}`)];
    const races = series.map((name) => `${LINEAR_TOPIC}/${name}`).sort();
    const logged = keysOf(await changelogOf("rls-racer", "race")).filter((key) => key !== POSITIONS_KEY);
    // Where a commit has few observations of a series, each is logged as a step under a key of its own.
    assert.deepEqual([...new Set(logged.map((key) => keyOfStep(key) ?? key))].sort(), races);
    assert.deepEqual(keysOf(await readTopic(stack.brokers, "rls-standings")).sort(), races);
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) {
      const observations = await readTopic(stack.brokers, `${topic}.observations`);
      assert.ok(
        observations.every(({ key }) => key !== null),
        "an empty key is a key",
      );
    }
    const rowKeys = keysOf(await changelogOf("ml-racer", "window"));
    assert.ok(rowKeys.includes(`${NON_LINEAR_TOPIC}/\0\0\0\u0006/19`));
  });

  it("are whole in a changelog from which a folder is made anew: scores go on as if nothing had happened", async () => {
    await stopAll();
    rmSync(stack.stateDirectory, { recursive: true });
    start(["deserializer", ...RACERS]);
    await send([LINEAR_TOPIC, NON_LINEAR_TOPIC].flatMap((topic) => caseRecords("k01-integer-keys-b", topic)));
    await send(rows(1));
    await isEqual();
    const newest = new Map(
      (await readTopic(stack.brokers, "rls-predictions")).map(({ key, value }) => [String(key), String(value)]),
    );
    for (let n = 1; n <= 6; n++) {
      const prediction: unknown = JSON.parse(newest.get(`\0\0\0${String.fromCharCode(n)}`) ?? "");
      assert.equal((prediction as { n: number }).n, 25);
    }
  });

  it("are whole in a standby that takes over", async () => {
    await stopAll();
    start(["deserializer"]);
    start(RACERS, { ...STANDBY, INSTANCE_ID: "a" });
    const owners = [...services].filter(([name]) => name !== "deserializer");
    for (const [, owner] of owners) await owner.ready(PARTITIONS);
    const heirs = RACERS.map((name) => stack.start(name, { ...STANDBY, STATE_DIR: join(stack.directory, "b") }));
    for (const [n, heir] of heirs.entries()) {
      await waitFor("warm copies", async () => {
        const copies = await heir.metric("regatta_standby_tasks");
        const tasks = await heir.metric("regatta_tasks", { state: "running" });
        return tasks > 0 && copies + tasks === PARTITIONS && (await heir.metric("regatta_standby_lag_records")) === 0;
      });
      await owners[n][1].kill();
      services.set(RACERS[n], heir);
    }
    for (const heir of heirs) await heir.ready(PARTITIONS);
    await send(rows(2));
    await isEqual();
  });

  it("are whole in a changelog that is written anew from a folder", async () => {
    await stopAll();
    const environment = { ...SETTINGS, ON_CHANGELOG_LOSS: "rebuild", STATE_DIR: join(stack.directory, "b") };
    for (const store of ["series", "matrix"])
      await deleteTopic(stack.brokers, `regatta-stateful-estimator-${store}-changelog`);
    for (const store of ["race", "window"]) await deleteTopic(stack.brokers, `regatta-ml-racer-${store}-changelog`);
    await deleteTopic(stack.brokers, "regatta-rls-racer-race-changelog");
    start(RACERS, environment);
    for (const service of services.values()) {
      await service.ready(PARTITIONS);
      assert.equal(await service.metric("regatta_restores_total", { cause: "changelog-rebuilt" }), PARTITIONS);
    }
    await stopAll();
    rmSync(environment.STATE_DIR, { recursive: true });
    start(RACERS, environment);
    start(["deserializer"]);
    await send(rows(3));
    await isEqual();
  });

  it("work up to the limit, or are in the dead letters byte for byte, with a reason", async () => {
    console.log(`      REGATTA_TEST_SEED=${seed}`);
    const random = fc
      .sample(fc.uint8Array({ maxLength: 40 }), { seed, numRuns: 300 })
      .map((bytes) => Buffer.from(bytes));
    const bad = [Buffer.alloc(SERIES_BYTES_MAX + 1, "k"), Buffer.from([0, 0xff]), Buffer.from([0xed, 0xa0, 0x80])];
    const keys = [...random, ...bad, Buffer.alloc(SERIES_BYTES_MAX), Buffer.alloc(0)];
    // A feature more than any series has, so that a key that has come before is told by its reason.
    await send(keys.map((key) => ({ topic: LINEAR_TOPIC, key, value: "[0, 1, 2, 3, 4]" })));
    await isEqual();
    const refused = (await readTopic(stack.brokers, DEAD_LETTERS_TOPIC)).map((letter) => {
      const { reason } = headersOf(letter);
      return `${reason} ${letter.key?.toString("hex")}`;
    });
    const expected = keys.flatMap((key) => {
      if (key.length > SERIES_BYTES_MAX) return [`key-too-long ${key.toString("hex")}`];
      if (!isUtf8(key)) return [`key-not-utf8 ${key.toString("hex")}`];
      return NAMES.includes(key.toString()) ? [`features-changed ${key.toString("hex")}`] : [];
    });
    assert.ok(expected.length > 4);
    assert.deepEqual(refused.sort(), expected.sort());
    assert.equal(await services.get("deserializer")?.metric("regatta_aborts_total"), 0);
    await stopAll();
  });
});
