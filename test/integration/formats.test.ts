import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import { createTopic, headersOf, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";

const TOPICS = ["plain", "sales", "meters", "sensors"];
const SETTINGS = {
  INPUT_TOPICS: TOPICS.join(","),
  INPUT_FORMAT: "sales:fields,meters:csv,sensors:fields",
  INPUT_TARGET: "sales:price;meters:kwh",
  INPUT_FEATURES: "sales:demand,weather.temperature;meters:outside,open;sensors:a,b",
  INPUT_SERIES: "sales:shop;meters:meter",
  INPUT_COUNTER: "meters:step",
  INPUT_TIME: "sales:at",
  INPUT_COLUMNS: "meters:meter,step,kwh,outside,open",
  INPUT_BOOLEANS: "meters:number",
  INPUT_MISSING: "sensors:last",
};
const FIRST_MS = Date.UTC(2024, 4, 1);
/** Records of each topic before and after the kill. */
const HALF = 50;

describe("topics that other systems write, each in a format of its own", function () {
  this.timeout(120_000);
  const stack = stackFor();

  const sale = (n: number) =>
    JSON.stringify({
      shop: 9007199254740992 + 2 * (n % 2),
      at: new Date(FIRST_MS + n * 1000).toISOString(),
      price: n / 8,
      demand: n,
      weather: { temperature: -n, words: ["dry"] },
    });
  /** Each sensor says its value when it has a new one. */
  const reading = (n: number) => JSON.stringify({ y: n, ...(n % 5 === 0 && { a: n }), ...(n % 7 === 0 && { b: -n }) });
  const records = (from: number, end: number) =>
    Array.from({ length: end - from }, (_, k) => from + k).flatMap((n) => [
      { topic: "plain", key: "s", value: `[${n}, 1, 2]` },
      { topic: "sales", key: "any", value: sale(n) },
      { topic: "meters", key: "any", value: `"m, 1",${n},${n}.5,+${n},TRUE` },
      { topic: "sensors", key: "s", value: reading(n) },
    ]);

  it("are observations of one deployment, counted per series and filled with last values exactly though it is killed", async () => {
    for (const topic of TOPICS) await createTopic(stack.brokers, topic, 1);
    await writeRecords(stack.brokers, records(0, HALF));
    await writeRecords(stack.brokers, [
      {
        topic: "sales",
        key: "any",
        value: '{"shop": 1, "at": "yesterday", "price": 1, "demand": 1, "weather": {"temperature": 1}}',
      },
      {
        topic: "sales",
        key: "any",
        value: '{"shop": 1, "at": "2024-05-01", "price": "1", "demand": 1, "weather": {"temperature": 1}}',
      },
      { topic: "meters", key: "any", value: "m,1,2" },
    ]);
    const killed = stack.start("deserializer", SETTINGS);
    await waitForRecords(stack.brokers, "sales.observations", 10);
    await waitForRecords(stack.brokers, "sensors.observations", HALF);
    await killed.kill();
    rmSync(join(stack.stateDirectory, "regatta-deserializer"), { recursive: true });
    await writeRecords(stack.brokers, records(HALF, 2 * HALF));
    const service = stack.start("deserializer", SETTINGS);

    const observations = async (topic: string) => {
      await waitForRecords(stack.brokers, `${topic}.observations`, 2 * HALF);
      const all = await readTopic(stack.brokers, `${topic}.observations`);
      return all.map(({ key, value, timestamp }) => ({ key: String(key), timestamp, ...JSON.parse(String(value)) }));
    };
    const steps = Array.from({ length: 2 * HALF }, (_, n) => n);
    const sales = await observations("sales");
    assert.deepEqual(
      sales
        .sort((a, b) => a.timestamp - b.timestamp)
        .map(({ key, i, y, x, timestamp }) => ({ key, i, y, x, timestamp })),
      steps.map((n) => ({
        key: n % 2 === 0 ? "9007199254740992" : "9007199254740994",
        i: Math.floor(n / 2),
        y: n / 8,
        x: [n, n === 0 ? 0 : -n],
        timestamp: FIRST_MS + n * 1000,
      })),
    );
    assert.deepEqual(
      (await observations("meters")).map(({ series, i, y, x }) => ({ series, i, y, x })),
      steps.map((n) => ({ series: "m, 1", i: n, y: n + 0.5, x: [n, 1] })),
    );
    assert.deepEqual(
      (await observations("plain")).map(({ series, i, x }) => ({ series, i, x })),
      steps.map((i) => ({ series: "s", i, x: [2] })),
    );
    assert.deepEqual(
      (await observations("sensors")).map(({ i, y, x }) => ({ i, y, x })),
      steps.map((n) => ({ i: n, y: n, x: [n - (n % 5), n < 7 ? 0 : (n % 7) - n] })),
    );

    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, 3);
    const letters = await readTopic(stack.brokers, DEAD_LETTERS_TOPIC);
    const told = letters.map((letter) => headersOf(letter)).map(({ reason, message }) => `${reason}: ${message}`);
    assert.deepEqual(told.sort(), [
      "arity: expected 5 cells as INPUT_COLUMNS has names, got 3",
      "not-a-time: expected a time of ISO 8601 since 1970 in the field at, got another value",
      "number-as-text: expected a number in the field price, got a text (INPUT_NUMBERS=text reads numbers in quotes)",
    ]);
    await service.ready();
    assert.equal(await service.stop(), 0);
  });

  it("are not read at all with settings that cannot work, all of which are told", async () => {
    const wrong = { ...SETTINGS, INPUT_FEATURES: "meters:no", INPUT_MISSING: "guess" };
    const service = stack.start("deserializer", wrong);
    assert.equal(await service.exited(), 78);
  });
});
