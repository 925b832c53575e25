import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { predictionSchema } from "../../shared/contract/schemas.js";
import { type Best, type Verdict, verdictSchema } from "../../shared/contract/verdict-schemas.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { POSITIONS_KEY } from "../../shared/kernel/changelog/changelog.js";
import { MANIFEST_FORMAT } from "../../shared/kernel/store/manifest.js";
import { formatOf } from "../../shared/kernel/store/stored-value.js";
import { packedValueOf } from "../../shared/packed-value.js";
import type { AnyCodec } from "../../shared/service-definition.js";
import {
  changelogOf,
  GOLDEN_INPUT,
  GOLDEN_LENGTH,
  GOLDEN_STORES,
  type GoldenStore,
  goldenEnvironment,
  goldenName,
  goldenRecords,
  LATE_INPUT,
  plantChangelogs,
  plantFolder,
  withFormat,
} from "../support/data/golden-store.js";
import { recompute } from "../support/judge/offline-model.js";
import { inputRecordOf } from "../support/kafka/input-record.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { assertNear } from "../support/near.js";
import { PlainJudge } from "../support/plain/judge.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RECORDS = 2 * GOLDEN_LENGTH;
/** Of numbers that went through V once and through its factors ever since, relative. */
const TOLERANCE = 1e-9;
const RESULTS = {
  "rls-racer": ["rls-predictions", "rls-standings"],
  "ml-racer": ["ml-predictions", "ml-standings"],
};
/** The store that is taken for one of a newer program. */
const ROLLED_BACK: GoldenStore = { service: rlsRacer, format: 2, late: false };
const NEWER = raceCodec.format + 1;
const refusal = (what: string, format: number, reads: number) =>
  new RegExp(`${what} is of format ${format}, this program reads up to ${reads}\\. Use the newer program`);

describe("state of another program version", function () {
  this.timeout(300_000);
  const stack = stackFor({ properties: { "log.retention.ms": "-1" } });

  before(async () => {
    for (const input of [GOLDEN_INPUT, LATE_INPUT]) await createTopic(stack.brokers, input, 1);
    for (const results of [...Object.values(RESULTS).flat(), "dead-letters"])
      await createTopic(stack.brokers, results, 1);
    for (const late of [false, true]) await writeRecords(stack.brokers, goldenRecords({ late }, 0, RECORDS));
  });

  const start = (golden: GoldenStore, id: string) =>
    stack.start(golden.service.name, { ...goldenEnvironment(golden), APPLICATION_ID: id, VERDICT_EVERY: "1" });
  const valuesOf = async (topic: string) =>
    (await readTopic(stack.brokers, topic)).map(({ value }): unknown => JSON.parse(String(value)));
  const judgedOf = ({ service }: GoldenStore) =>
    ["best", "verdicts"].map((what) => `${service.name.replace("-racer", "")}-${what}`);
  const resultsOf = (golden: GoldenStore) => RESULTS[golden.service.name as keyof typeof RESULTS];

  /** What a run that was never interrupted gives to each topic of results after the golden store, and keeps at the end. */
  const uninterrupted = async (golden: GoldenStore) => {
    const environment = goldenEnvironment(golden);
    const inputs = (await readTopic(stack.brokers, environment.INPUT_TOPICS)).map(inputRecordOf);
    const run = (records: number) =>
      recompute([golden.service], inputs.slice(0, records), { environments: { [golden.service.name]: environment } });
    const begun = run(GOLDEN_LENGTH).outputs;
    const { outputs: all, states } = run(RECORDS);
    const outputs = resultsOf(golden).map((topic) => ({
      topic,
      values: (all.get(topic) ?? [])
        .slice(begun.get(topic)?.length ?? 0)
        .map(({ value }): unknown => JSON.parse(String(value))),
    }));
    return { outputs, states };
  };

  for (const golden of GOLDEN_STORES) {
    for (const kind of ["folder", "changelog"] as const) {
      it(`of ${goldenName(golden)} in a ${kind} goes on as if it had never been interrupted, and is written anew`, async () => {
        const { service } = golden;
        const id = `${kind}-${goldenName(golden)}`;
        const application = `${id}-${service.name}`;
        if (kind === "folder") await plantFolder(stack, golden, application);
        else await plantChangelogs(stack.brokers, golden, application);
        const expected = await uninterrupted(golden);
        const before = new Map<string, number>();
        for (const topic of [...resultsOf(golden), ...judgedOf(golden)])
          before.set(topic, (await valuesOf(topic)).length);
        const changelog = changelogOf(application, "race");
        const planted = (await readTopic(stack.brokers, changelog)).length;

        const racer = start(golden, id);
        for (const { topic, values } of expected.outputs) {
          const actual = await waitFor(topic, async () => {
            const since = (await valuesOf(topic)).slice(before.get(topic));
            return since.length >= values.length ? since : undefined;
          });
          assertNear(actual, values, TOLERANCE, `${id}, ${topic}`);
        }
        const isJudged = golden.format >= FIRST_JUDGED[service.name];
        if (!golden.late && !isJudged) {
          const topics = [resultsOf(golden)[0], ...judgedOf(golden)];
          const said = await Promise.all(topics.map(async (topic) => (await valuesOf(topic)).slice(before.get(topic))));
          assertJudgeBegins(said, id);
        }
        assert.ok(expected.states.filter(({ store }) => store === "race").length === 2);
        for (const { store, key, bytes } of expected.states) {
          const actual = await racer.json(`/state/${store}/${key}`);
          const wanted = shown(service.stores[store], bytes);
          const where = `${id}, ${store} of ${key}`;
          if (isJudged) assertNear(actual, wanted, TOLERANCE, where);
          else {
            assertNear(withoutJudge(actual), withoutJudge(wanted), TOLERANCE, where);
            if (store === "race") assertBegun(actual, wanted, where);
          }
        }
        const folders = readdirSync(`${stack.stateDirectory}/${application}`);
        assert.deepEqual(folders.sort(), ["0", "slots"]);
        const written = (await readTopic(stack.brokers, changelog)).slice(planted);
        assert.ok(written.length >= 2);
        for (const { key, value } of written) {
          if (String(key) !== POSITIONS_KEY) assert.equal(value && formatOf(value), service.stores.race.format);
        }
        assert.equal(await racer.stop(), 0);

        const again = start(golden, id);
        await again.ready(1);
        assert.equal(await again.metric("regatta_restores_total"), 0, "a store of today's format is replayed no more");
        assert.equal(await again.stop(), 0);
        for (const { topic, values } of expected.outputs)
          assert.equal((await valuesOf(topic)).length, (before.get(topic) ?? 0) + values.length);
      });
    }
  }

  const rollbacks: {
    what: string;
    message: RegExp;
    plant(application: string): Promise<string | undefined>;
  }[] = [
    {
      what: "values of a newer format, though the folder does not say so",
      message: refusal("race of dataLinearModel/s0", NEWER, raceCodec.format),
      plant: (application) =>
        plantFolder(stack, ROLLED_BACK, application, (value) => withFormat(value, NEWER), { formats: undefined }),
    },
    {
      what: "a folder that says that its values are of a newer format",
      message: refusal("store race", NEWER, raceCodec.format),
      plant: (application) => plantFolder(stack, ROLLED_BACK, application, undefined, { formats: { race: NEWER } }),
    },
    {
      what: "a folder whose manifest is of a newer format",
      message: refusal("its manifest", MANIFEST_FORMAT + 1, MANIFEST_FORMAT),
      plant: (application) => plantFolder(stack, ROLLED_BACK, application, undefined, { format: MANIFEST_FORMAT + 1 }),
    },
    {
      what: "a changelog of a newer format, without a folder",
      message: refusal("race-changelog\\[0\\]@\\d+: dataLinearModel/s\\d", NEWER, raceCodec.format),
      async plant(application) {
        await plantChangelogs(stack.brokers, ROLLED_BACK, application, (value) => withFormat(value, NEWER));
        return undefined;
      },
    },
  ];
  for (const [number, { what, message, plant }] of rollbacks.entries()) {
    it(`is refused with exit code 78, both formats and a remedy, and nothing is touched: ${what}`, async () => {
      const id = `rollback${number}`;
      const folder = await plant(`${id}-rls-racer`);
      // What can be read: a look at a topic's configuration leaves the mark of an aborted transaction.
      const records = async () => [
        await readTopic(stack.brokers, "rls-predictions"),
        await readTopic(stack.brokers, "dead-letters"),
        await readTopic(stack.brokers, `${id}-rls-racer-race-changelog`),
      ];
      const before = await records();
      for (let run = 0; run < 2; run++) {
        const service = start(ROLLED_BACK, id);
        assert.equal(await service.exited(), EXIT_CONFIGURATION);
        assert.match(service.lines.at(-1)?.msg ?? "", message);
        if (folder !== undefined) assert.deepEqual(readdirSync(dirname(folder)).sort(), ["0", "slots"]);
      }
      assert.deepEqual(await records(), before);
    });
  }
});

/**
 * What is published after a store that has no judge is what a judge of plain objects says who sees the forecasts of today alone; the
 * models' n and mse go on.
 * @param said predictions, bests and verdicts after the store
 */
function assertJudgeBegins([predictions, bests, verdicts]: readonly (readonly unknown[])[], what: string): void {
  const all = predictions.map((one) => predictionSchema.parse(one));
  const expected: { bests: Best[]; verdicts: Verdict[] } = { bests: [], verdicts: [] };
  const judges = new Map<string, PlainJudge>();
  const names = [...new Set(all.map(({ model }) => model))];
  for (let at = 0; at < all.length; at += names.length) {
    const own = all.slice(at, at + names.length);
    const { topic, series, i, n, y } = own[0];
    const judge = judges.get(series) ?? new PlainJudge(names);
    judges.set(series, judge);
    const asked = judge.ask(own.map(({ yhat }) => yhat));
    expected.bests.push(judge.best({ topic, series, i, y }, asked));
    const verdict = judge.verdict({ topic, series, i }, n, judge.tell(asked, i, y ?? Number.NaN));
    const models = verdict.models.map((model, m) => ({ ...model, n: own[m].n, mse: own[m].mse }));
    expected.verdicts.push({ ...verdict, models });
  }
  assert.equal(expected.verdicts[0].decision, "start");
  assert.deepEqual(bests, expected.bests, `${what}, bests`);
  const compared = (verdict: unknown) => withoutSkills(verdictSchema.parse(verdict));
  assert.deepEqual(verdicts.map(compared), expected.verdicts.map(compared), `${what}, verdicts`);
}

/** Those of the models compare an mse that goes on with one that begins. */
function withoutSkills(verdict: Verdict): Verdict {
  return { ...verdict, models: verdict.models.map((model) => ({ ...model, r2: null, skill: null })) };
}

/** The first format of a race with a judge. */
const FIRST_JUDGED: Readonly<Record<string, number>> = { "rls-racer": 5, "ml-racer": 4 };

/** What a judge says in `/state`: it begins with the program that has one. */
const JUDGED = ["champion", "championSince", "fading", "mae", "r2", "skill", "coverage", "evidence", "mix"];

function withoutJudge(shown: unknown): unknown {
  return JSON.parse(JSON.stringify(shown, (name, value) => (JUDGED.includes(name) ? undefined : value)));
}

/** Scores of the mixture are of some of the observations that an uninterrupted judge has seen. */
function assertBegun(actual: unknown, uninterrupted: unknown, what: string): void {
  const [{ mix }, { mix: all }] = [actual, uninterrupted].map((shown) => judgedSchema.parse(shown));
  assert.ok(mix.n > 0 && mix.n < all.n, `${what}: ${mix.n} of ${all.n}`);
}

const judgedSchema = z.object({ mix: z.object({ n: z.number() }) });

/** What `/state` shows of a value. */
function shown(codec: AnyCodec, bytes: Buffer): unknown {
  return "packed" in codec ? codec.toJson(packedValueOf(bytes)) : codec.toJson(codec.decode(bytes));
}
