import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { LATE_IN_ROW_MAX } from "../../services/ml-racer/race.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { judge } from "../support/judge/verdict.js";
import { createTopic, topicEnd, writeRecords } from "../support/kafka/kafka-topics.js";
import { LOOPS_AT } from "../support/programs/looping-model.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const OBSERVATIONS = "dataNonLinearModel.observations";
/** By their keys s0 and s5 lie in one partition of two each. */
const SERIES = ["s0", "s1", "s2", "s3", "s4", "s5"];
const LOOPING = "s1";
/** Observations of the looping series that `lin` never answers: one apart, then more in a row than it is asked for. */
const LOOPS = [6, 10, 11, 12, 13, 14];
const ROWS = 20;

const preload = new URL("../support/programs/looping-model.js", import.meta.url).href;
const SETTINGS = { ML_MODELS: "rf:n_estimators=5,lin", ML_THREADS: "1" };
/** Settings under which `lin` loops and has so long for an answer. */
const looping = (timeoutMs: number) => ({
  ...SETTINGS,
  NODE_OPTIONS: `--import ${preload}`,
  MODEL_TIMEOUT_MS: String(timeoutMs),
});

describe("a model that never answers", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    for (const topic of ["dataLinearModel", "dataNonLinearModel"]) await createTopic(stack.brokers, topic, 2);
    stack.start("deserializer");
    await write(0, ROWS);
    const all = SERIES.length * ROWS;
    await waitFor("the observations", async () => (await topicEnd(stack.brokers, OBSERVATIONS)) >= all);
  });

  it("holds up its partition alone, is told of with the record's place, and a stop does not wait for it", async () => {
    const service = stack.start("ml-racer", looping(600_000));
    const line = await service.logged(
      "the models of a record take long: its partition waits for them, the others go on",
    );
    const place = { topic: OBSERVATIONS, partition: String(line.partition) };
    const other = { topic: OBSERVATIONS, partition: String(1 - Number(line.partition)) };
    const lagOf = (of: Readonly<Record<string, string>>) => service.metric("regatta_consumer_lag_records", of);
    const positionOf = (of: Readonly<Record<string, string>>) => service.metric("regatta_input_position", of);
    await waitFor("the record to be come to again", async () => (await positionOf(place)) === line.offset);
    await waitFor("the other partition", async () => (await positionOf(other)) > 0 && (await lagOf(other)) === 0);
    assert.equal(await positionOf(place), line.offset);
    assert.ok((await lagOf(place)) > 0);

    await write(ROWS, 1);
    const consumed = await service.metric("regatta_records_consumed_total");
    await waitFor("records of the other partition", async () => {
      return (await service.metric("regatta_records_consumed_total")) > consumed && (await lagOf(other)) === 0;
    });
    assert.equal((await service.get("/live")).status, 200);
    const unready = await waitFor("/ready to say so", async () => {
      const { status, text } = await service.get("/ready");
      return status === 503 && text;
    });
    const name = `task ml-racer/${line.partition} has stood at ${OBSERVATIONS}[${line.partition}]@${line.offset} for `;
    assert.ok(unready.includes(name), unready);
    assert.ok(
      (await service.metric("regatta_task_standing_seconds", { task: `ml-racer/${line.partition}`, ...place })) > 10,
    );
    assert.equal(await service.metric("regatta_task_standing_seconds", other), 0);
    assert.equal(await positionOf(place), line.offset);
    assert.equal(await service.stop(), 0);
  });

  it("refuses what it did not answer in time, and then the series, while all else is as without it, killed or not", async () => {
    const killed = stack.start("ml-racer", looping(1500));
    await killed.logged("the models of a record take long: its partition waits for them, the others go on");
    await killed.kill();

    const service = stack.start("ml-racer", looping(1500));
    const chain = [deserializer, mlRacer];
    assert.ok((await judge(stack.brokers, chain, SETTINGS)).equal);
    const late = { model: "lin", reason: "took-too-long" };
    const refusals = await service.metric("regatta_model_refusals_total", late);
    assert.equal(refusals, LATE_IN_ROW_MAX + 1);
    const leftOut = LOOPS.length - 1 - LATE_IN_ROW_MAX;
    assert.ok(
      (await service.metric("regatta_model_refusals_total", { model: "lin", reason: "left-out" })) > leftOut,
      "also observations that it could have answered",
    );
    assert.equal(await service.metric("regatta_model_left_out_total", { model: "lin" }), 1);
    const told = service.lines.filter(({ msg }) => msg?.startsWith("a model did not answer in time again and again"));
    assert.deepEqual(
      told.map(({ series, model }) => [series, model]),
      [[`dataNonLinearModel/${LOOPING}`, "lin"]],
    );
    assert.equal((await service.get("/ready")).status, 200);
    assert.equal(await service.stop(), 0);

    const next = stack.start("ml-racer", looping(1500));
    await write(ROWS + 1, 2, (series) => series === LOOPING);
    assert.ok((await judge(stack.brokers, chain, SETTINGS)).equal);
    assert.equal(await next.metric("regatta_aborts_total", { cause: "long-job" }), 0);
    assert.ok((await next.metric("regatta_model_refusals_total", { model: "lin", reason: "left-out" })) > 0);
    assert.equal(await next.stop(), 0);
  });

  /** Rows of all series, `from` on. @param loops whether an observation of the looping series loops, beside {@link LOOPS} */
  async function write(from: number, rows: number, loops: (series: string) => boolean = () => false): Promise<void> {
    const records = Array.from({ length: SERIES.length * rows }, (_, k) => {
      const i = from + Math.floor(k / SERIES.length);
      const series = SERIES[k % SERIES.length];
      const x = Math.sin(k * k + i);
      const isEndless = loops(series) || (series === LOOPING && LOOPS.includes(i));
      return {
        topic: "dataNonLinearModel",
        key: series,
        value: `[${[i, 3 - 2 * x, isEndless ? LOOPS_AT : x].join(", ")}]`,
      };
    });
    await writeRecords(stack.brokers, records);
  }
});
