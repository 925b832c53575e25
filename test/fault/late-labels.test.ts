import assert from "node:assert/strict";
import { z } from "zod";
import { mlRacer } from "../../services/ml-racer/service.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { predictionSchema } from "../../shared/contract/schemas.js";
import { LINEAR_TOPIC, NON_LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { lateRawRecords, lateStream } from "../support/data/late-stream.js";
import { CHAIN, judge } from "../support/judge/verdict.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { USUAL_PARAMETERS } from "../support/plain/judge.js";
import { lateJudge } from "../support/plain/late-judge.js";
import {
  type Forecaster,
  type LateRecord,
  lateRace,
  rlsForecaster,
  windowForecaster,
} from "../support/plain/late-race.js";
import { seededRandom } from "../support/seed.js";
import { RestartedService } from "../support/services/restarted-service.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SERIES = ["s0", "s1", "s2", "s3", "s4", "s5"];
const LENGTH = 150;
/** Parts that the records are sent in; a service is killed after each but the last. */
const PARTS = 13;
const BOUNDS = { labelQuestionsMax: 12, labelDoneMax: 16, labelWaitMs: 25_000 };
const VERDICT_EVERY = 7;
/** So that champions fall among so few records. */
const PARAMETERS = { ...USUAL_PARAMETERS, alpha: 0.5 };
const ENVIRONMENT = {
  RLS_MODELS: "rls2:0.8,rls1:1.0",
  ML_MODELS: "gb:n_estimators=3,lin",
  VERDICT_EVERY: String(VERDICT_EVERY),
  RACE_ALPHA: String(PARAMETERS.alpha),
  LABEL_QUESTIONS_MAX: String(BOUNDS.labelQuestionsMax),
  LABEL_DONE_MAX: String(BOUNDS.labelDoneMax),
  LABEL_WAIT_MS: String(BOUNDS.labelWaitMs),
};

describe("labels that come later, while services are killed", function () {
  this.timeout(600_000);
  const stack = stackFor();

  it("lead to the results of an undisturbed run, and those to what models trained from nothing forecast", async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    for (const topic of [LINEAR_TOPIC, NON_LINEAR_TOPIC]) await createTopic(stack.brokers, topic, 3);
    const services = CHAIN.map(({ name }) => new RestartedService(name, () => stack.start(name, ENVIRONMENT)));

    const begun = Date.now() - 3_600_000;
    const logs = new Map(
      SERIES.map((series, k) => [
        series,
        lateStream(random, LENGTH, [0, 4, 25][k % 3]).map((of) => ({ ...of, timestamp: begun + of.timestamp })),
      ]),
    );
    const longest = Math.max(...[...logs.values()].map(({ length }) => length));
    const share = Math.ceil(longest / PARTS);
    let intoTransaction = 0;
    for (let from = 0; from < longest; from += share) {
      const records = [...logs].flatMap(([series, log]) =>
        log.slice(from, from + share).flatMap((of) => lateRawRecords(series, of)),
      );
      await writeRecords(stack.brokers, records);
      if (from + share >= longest) break;
      const victim = services[Math.floor(random() * services.length)];
      await waitFor(`${victim.name} to commit`, () => victim.hasCommitted());
      if (await victim.inTransaction()) intoTransaction++;
      await victim.kill();
    }
    console.log(`      ${PARTS - 1} kills, ${intoTransaction} into an open transaction`);

    assert.ok((await judge(stack.brokers, CHAIN, ENVIRONMENT)).equal);
    const { models, trainLength } = new TopologyDriver(mlRacer, ENVIRONMENT).settings;
    const rls = expectedRace(
      { racer: "rls", topic: LINEAR_TOPIC },
      logs,
      new TopologyDriver(rlsRacer, ENVIRONMENT).settings.models,
      rlsForecaster,
    );
    const ml = expectedRace({ racer: "ml", topic: NON_LINEAR_TOPIC }, logs, models, (model) =>
      windowForecaster(model, trainLength),
    );
    for (const expected of [rls, ml]) {
      await assertForecasts(stack.brokers, logs, expected);
      await assertJudgements(stack.brokers, logs, expected);
    }
    for (const service of services) assert.equal(await service.process.stop(), 0);
  });
});

/** What a racer has to make of the logs. */
interface ExpectedRace {
  readonly racer: "rls" | "ml";
  /** Its raw topic. */
  readonly topic: string;
  /** Names of the models, in their order. */
  readonly names: readonly string[];
  readonly bySeries: ReadonlyMap<string, ReturnType<typeof lateRace>>;
}

type Logs = ReadonlyMap<string, readonly LateRecord[]>;

function expectedRace<M extends { readonly name: string }>(
  of: Pick<ExpectedRace, "racer" | "topic">,
  logs: Logs,
  models: readonly M[],
  toForecaster: (model: M) => Forecaster,
): ExpectedRace {
  const races = [...logs].map(([series, log]) => [series, lateRace(log, BOUNDS, models.map(toForecaster))] as const);
  return { ...of, names: models.map(({ name }) => name), bySeries: new Map(races) };
}

/** Compares all predictions with those of the race without a ledger, to the last bit. */
async function assertForecasts(brokers: string, logs: Logs, { racer, names, bySeries }: ExpectedRace): Promise<void> {
  const predictions = (await readTopic(brokers, `${racer}-predictions`)).map(({ value }) =>
    predictionSchema.parse(JSON.parse(String(value))),
  );
  let compared = 0;
  for (const [series, log] of logs) {
    for (const [m, name] of names.entries()) {
      const said = predictions.filter((one) => one.series === series && one.model === name);
      const expected = (bySeries.get(series) ?? []).flatMap(({ event, asked, predictions: all }, k) =>
        all.length === 0
          ? []
          : [{ ...all[m], i: log[k].i, y: log[k].y, event, asked: event === "question" ? undefined : asked }],
      );
      assert.deepEqual(
        said.map(({ yhat, error, mse, n, i, y, asked, corrected }) => ({
          yhat,
          error,
          mse,
          n,
          i,
          y,
          asked,
          corrected,
        })),
        expected.map(({ event, ...of }) => ({ ...of, corrected: event === "correction" || undefined })),
        `${racer}-predictions: ${name} of ${series}`,
      );
      compared += said.length;
    }
  }
  console.log(`      ${compared} of ${racer}-predictions equal those of models trained from nothing`);
}

const judgementSchema = z.looseObject({ series: z.string() });

/** Compares all bests and verdicts with those of the judge of plain objects, to the last bit. */
async function assertJudgements(brokers: string, logs: Logs, expected: ExpectedRace): Promise<void> {
  const { racer, topic, names, bySeries } = expected;
  const said = async (name: string) =>
    (await readTopic(brokers, name)).map(({ value }) => judgementSchema.parse(JSON.parse(String(value))));
  const bests = await said(`${racer}-best`);
  const verdicts = await said(`${racer}-verdicts`);
  let fallen = 0;
  for (const [series, log] of logs) {
    const judged = lateJudge({ topic, series }, log, bySeries.get(series) ?? [], names, VERDICT_EVERY, PARAMETERS);
    assert.deepEqual(
      bests.filter((one) => one.series === series),
      judged.flatMap(({ best }) => best ?? []),
      `${racer}-best of ${series}`,
    );
    assert.deepEqual(
      verdicts.filter((one) => one.series === series),
      judged.flatMap(({ verdict }) => verdict ?? []),
      `${racer}-verdicts of ${series}`,
    );
    fallen += judged.filter(({ verdict }) => verdict?.decision === "switch").length;
  }
  console.log(
    `      ${bests.length} bests and ${verdicts.length} verdicts equal those of plain objects, ${fallen} champions fell`,
  );
  assert.ok(fallen > 0);
}
