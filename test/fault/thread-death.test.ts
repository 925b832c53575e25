import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { judge } from "../support/judge/verdict.js";
import { createTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RECORDS = 600;
const SETTINGS = { ML_MODELS: "rf:n_estimators=20,lin", ML_THREADS: "2" };

/** Settings under which every worker thread dies in this job of its own. */
function dying(job: number): Readonly<Record<string, string>> {
  const preload = new URL("../support/programs/dying-thread.js", import.meta.url).href;
  return { ...SETTINGS, NODE_OPTIONS: `--import ${preload}`, THREAD_DIES_AT: String(job) };
}

describe("a worker thread that dies in a refit", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    for (const topic of ["dataLinearModel", "dataNonLinearModel"]) await createTopic(stack.brokers, topic, 2);
    const records = Array.from({ length: RECORDS }, (_, k) => {
      const x = Math.sin(k * k);
      return {
        topic: "dataNonLinearModel",
        key: `s${k % 3}`,
        value: `[${[Math.floor(k / 3), 3 - 2 * x, x].join(", ")}]`,
      };
    });
    await writeRecords(stack.brokers, records);
    stack.start("deserializer");
  });

  it("costs an abort and a replay, and no result, however often it happens", async () => {
    const service = stack.start("ml-racer", dying(300));
    assert.ok((await judge(stack.brokers, [deserializer, mlRacer], SETTINGS)).equal);
    assert.ok((await service.metric("regatta_aborts_total", { cause: "thread-died" })) > 0);
    assert.equal(await service.stop(), 0);
  });

  it("ends the process with 1 where the same work kills one thread after another", async () => {
    const service = stack.start("ml-racer", { ...dying(1), APPLICATION_ID: "hopeless" });
    await waitFor("the end", () => !service.running);
    assert.equal(await service.exited(), 1);
    assert.match(service.lines.at(-1)?.msg ?? "", /a worker thread ended/);
    assert.equal(service.lines.filter(({ msg }) => msg?.startsWith("a worker thread died")).length, 10);
  });
});
