import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { mlRacer } from "../../services/ml-racer/service.js";
import { normal, type Random } from "../support/data/random-stream.js";
import { judge } from "../support/judge/verdict.js";
import { createTopic, topicEnd, writeRecords } from "../support/kafka/kafka-topics.js";
import { seededRandom } from "../support/seed.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const TASKS = 4;
/** Three for each of the four partitions, by their keys: whichever tasks an instance gets, they have work. */
const SERIES = [0, 1, 16, 5, 4, 2, 18, 8, 6, 3, 20, 9].map((number) => `s${number}`);
const ROWS = 28;
const RECORDS = SERIES.length * ROWS;
/** Written again when another instance joins, so that there is work however fast the machine is. */
const ROWS_MORE = 4;
/** Some 50 ms of one processor per record: a batch of a thousand would take most of a minute. */
const SLOW = { ML_MODELS: "rf:n_estimators=3000,lin", WINDOW_LENGTH: "40", TRAIN_LENGTH: "40", ML_THREADS: "2" };
/** Far fewer than a batch may have. */
const RECORDS_PER_COMMIT_MAX = 20;

describe("a model so slow that records pile up", function () {
  this.timeout(600_000);
  const stack = stackFor();
  let write: (rows: number) => Promise<void>;

  before(async () => {
    for (const topic of ["dataLinearModel", "dataNonLinearModel"]) await createTopic(stack.brokers, topic, TASKS);
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    let written = 0;
    write = async (rows) => {
      await writeRecords(stack.brokers, records(random, written, rows));
      written += rows;
    };
    await write(ROWS);
    stack.start("deserializer");
    await waitFor(
      "the backlog",
      async () => (await topicEnd(stack.brokers, "dataNonLinearModel.observations")) >= RECORDS,
    );
  });

  it("costs no membership, commit, answer or result, whoever joins, is killed in a refit, or stops meanwhile", async () => {
    const first = stack.start("ml-racer", SLOW);
    await first.ready(TASKS);
    const rebalances = await first.metric("regatta_rebalances_total");
    const commits = await first.metric("regatta_commit_duration_seconds_count", { outcome: "committed" });
    const consumed = await first.metric("regatta_records_consumed_total");
    await waitFor("a quarter of the backlog", async () => {
      const { status, text } = await first.get("/ready");
      assert.equal(status, 200, text);
      return (await first.metric("regatta_records_consumed_total")) > RECORDS / 4;
    });
    assert.equal(await first.metric("regatta_rebalances_total"), rebalances);
    const perCommit =
      ((await first.metric("regatta_records_consumed_total")) - consumed) /
      ((await first.metric("regatta_commit_duration_seconds_count", { outcome: "committed" })) - commits);
    console.log(`      ${perCommit.toFixed(1)} records per commit`);
    assert.ok(perCommit <= RECORDS_PER_COMMIT_MAX, `${perCommit} records per commit`);

    await write(ROWS_MORE);
    const second = stack.start("ml-racer", SLOW);
    await shared([first, second]);
    await waitFor("the second to work", async () => (await second.metric("regatta_records_consumed_total")) > 0);
    assert.ok((await first.metric("regatta_consumer_lag_records")) > 0, "the first stops in the middle of its backlog");
    assert.equal(await first.stop(), 0);
    await shared([second]);

    // So that its transaction stays open while it has work, and is looked at from before that comes.
    const third = stack.start("ml-racer", { ...SLOW, COMMIT_INTERVAL_MS: "1000" });
    await shared([second, third]);
    await Promise.all([write(ROWS_MORE), killInRefit(third)]);
    await shared([second]);
    assert.ok((await judge(stack.brokers, [deserializer, mlRacer], SLOW)).equal);
    assert.equal(await second.stop(), 0);
  });

  /** Kills a service that has records of an open transaction in hand: its threads are at work. */
  async function killInRefit(service: RunningService): Promise<void> {
    await waitFor("an open transaction", async () => (await service.metric("regatta_transaction_open_records")) > 0);
    await service.kill();
  }
});

/** Every task runs in exactly one of the instances, and each of them has one. */
async function shared(instances: readonly RunningService[]): Promise<void> {
  await waitFor(`${TASKS} tasks in ${instances.length} instances`, async () => {
    const counts = await Promise.all(instances.map((each) => each.metric("regatta_tasks", { state: "running" })));
    return counts.every((count) => count > 0) && counts.reduce((sum, count) => sum + count, 0) === TASKS;
  });
}

/** Rows of all series, `from` on. */
function records(random: Random, from: number, rows: number) {
  return Array.from({ length: SERIES.length * rows }, (_, k) => {
    const x = Array.from({ length: 4 }, () => normal(random));
    const y = Math.sin(x[0]) + x[1] * x[2] + 0.1 * normal(random);
    const i = from + Math.floor(k / SERIES.length);
    return { topic: "dataNonLinearModel", key: SERIES[k % SERIES.length], value: `[${[i, y, ...x].join(", ")}]` };
  });
}
