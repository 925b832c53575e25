import assert from "node:assert/strict";
import { topics } from "../../shared/contract/topics.js";
import { type Best, encodeBest } from "../../shared/contract/verdict-schemas.js";
import { EXAMPLE_PROGRAMS, PYTHON, readyPython } from "../support/consumers/example-programs.js";
import { runToEnd } from "../support/consumers/finished-program.js";
import { caseRecords } from "../support/data/case-records.js";
import { blocksOf, readPage } from "../support/docs/pages.js";
import { createTopic, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";

const RAW = "dataLinearModel";
const SERIES = ["s0", "s1", 'quoted "name"', "tab\tand\nline", "größe 😀"];
const RECORDS = 24;
const RUN_MS = 120_000;
/** Doubles that readers of JSON get wrong where they take text without a point for an integer, or parse in a hurry. */
const DOUBLES = [
  1,
  -1,
  -0,
  1.5,
  0.1,
  1.2345678901234568e20,
  1e22,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  -(2 ** 64),
  1e23,
  8.41e21,
  5e-324,
  2.2250738585072014e-308,
  Number.MAX_VALUE,
  0.30000000000000004,
  9007199254740993e3,
];

interface Forecast {
  readonly from: string;
  readonly topic: string;
  readonly series: string;
  readonly i: number;
  readonly model: string;
  readonly yhat: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

const order = (a: Forecast, b: Forecast) =>
  JSON.stringify([a.from, a.series]) < JSON.stringify([b.from, b.series]) ? -1 : 1;

/** What a plain reader of the topics finds: the newest forecast of each series that is not told once more with its label. */
async function plainForecasts(brokers: string): Promise<Forecast[]> {
  const latest = new Map<string, Forecast>();
  for (const from of [topics.rlsBest.name, topics.mlBest.name])
    for (const { value } of await readTopic(brokers, from)) {
      const { topic, series, i, champion, asked }: Best = JSON.parse(String(value));
      if (champion !== null && asked === undefined)
        latest.set(JSON.stringify([from, topic, series]), { from, topic, series, i, ...champion });
    }
  return [...latest.values()].sort(order);
}

describe("consumers in other languages", function () {
  this.timeout(360_000);
  const stack = stackFor();
  let expected: Forecast[] = [];

  before(async () => {
    const { brokers } = stack;
    await createTopic(brokers, RAW, 2);
    const records = SERIES.flatMap((key, s) =>
      Array.from({ length: RECORDS }, (_, i) => ({
        topic: RAW,
        key,
        value: `[${i}, ${s + i / 7}, ${i % 5}, ${1 / (i + 1)}]`,
      })),
    );
    // A question whose label comes after others: its forecast is told twice.
    const late = [`{"i": ${RECORDS}, "x": [1, 2]}`, `[${RECORDS + 1}, 0.5, 1, 3]`, `{"i": ${RECORDS}, "y": 4}`].map(
      (value) => ({ topic: RAW, key: "s0", value }),
    );
    const cases = caseRecords("k05-large-numbers", RAW);
    await writeRecords(brokers, [...records, ...late, ...cases]);
    stack.start("deserializer", { INPUT_TOPICS: RAW });
    stack.start("rls-racer", { INPUT_TOPICS: `${RAW}.observations` });
    await writeBest(brokers);
    await waitForRecords(brokers, topics.rlsBest.name, records.length + late.length + cases.length);
    expected = await plainForecasts(brokers);
    assert.equal(expected.length, SERIES.length + new Set(cases.map(({ key }) => key)).size + DOUBLES.length);
  });

  /** A forecast of each of the doubles, by the product's own encoder, on the topic of the racer that does not run here. */
  async function writeBest(brokers: string): Promise<void> {
    await createTopic(brokers, topics.mlBest.name, 3);
    await writeRecords(
      brokers,
      bests().map((best) => ({ topic: topics.mlBest.name, key: best.series, value: encodeBest(best) })),
    );
  }

  for (const program of EXAMPLE_PROGRAMS)
    it(`print the latest champion forecast of each series as it stands on its topic, to the bit: ${program.name}`, async function () {
      const lack = await program.ready();
      if (lack !== undefined) {
        console.log(`      Skipped: ${lack}.`);
        this.skip();
      }
      const environment = { KAFKA_BROKERS: stack.brokers };
      const finished = await runToEnd(program.command, { environment, timeoutMs: RUN_MS });
      assert.equal(finished?.code, 0, finished?.stderr);
      const lines = (finished?.stdout ?? "").trimEnd().split("\n");
      const printed = lines.map((line): Forecast => JSON.parse(line)).sort(order);
      // deepEqual of node:assert/strict tells 0 from -0.
      assert.deepEqual(printed, program.writesMinusZeroAsZero ? expected.map(withoutMinusZero) : expected);
    });

  it("read every double as it stands on its topic into a table of pandas, to the bit", async function () {
    const [program] = blocksOf(readPage("docs/topics.md"), "python");
    const lack = await readyPython("pandas==3.1.1");
    if (lack !== undefined) {
      console.log(`      Skipped: ${lack}.`);
      this.skip();
    }
    const lines = bests().map((best) => encodeBest(best));
    const bits = 'import struct\nprint(*(struct.pack(">d", y).hex() for y in table["y"]))';
    const finished = await runToEnd([PYTHON, "-c", `${program}\n${bits}`], {
      input: `${lines.join("\n")}\n`,
      timeoutMs: RUN_MS,
    });
    assert.equal(finished?.code, 0, finished?.stderr);
    assert.deepEqual(finished?.stdout.trim().split(" "), DOUBLES.map(bitsOf));
  });
});

/** A forecast of each of the doubles. */
function bests(): Best[] {
  return DOUBLES.map((y, i) => {
    const forecast = { yhat: y, lower: -y, upper: null };
    const mix = { ...forecast, weights: [1] };
    return { topic: RAW, series: `${i}`, i, y, champion: { model: "rf", ...forecast }, mix };
  });
}

/** The eight bytes of a double, the highest first. */
function bitsOf(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

/** As JSON.stringify writes it. */
function withoutMinusZero(forecast: Forecast): Forecast {
  return JSON.parse(JSON.stringify(forecast));
}
