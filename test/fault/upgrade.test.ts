import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { POSITIONS_KEY } from "../../shared/kernel/changelog/changelog.js";
import { MANIFEST_FORMAT } from "../../shared/kernel/store/manifest.js";
import { formatOf } from "../../shared/kernel/store/stored-value.js";
import { packedValueOf } from "../../shared/packed-value.js";
import {
  GOLDEN_ENVIRONMENT,
  GOLDEN_INPUT,
  GOLDEN_LENGTH,
  goldenRecords,
  plantChangelog,
  plantFolder,
  withFormat,
} from "../support/data/golden-store.js";
import { recompute } from "../support/judge/offline-model.js";
import { inputRecordOf } from "../support/kafka/input-record.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { assertNear } from "../support/near.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RECORDS = 2 * GOLDEN_LENGTH;
/** Of numbers that went through V once and through its factors ever since, relative. */
const TOLERANCE = 1e-9;
const PREDICTIONS = "rls-predictions";
const NEWER = raceCodec.format + 1;
const refusal = (what: string, format: number, reads: number) =>
  new RegExp(`${what} is of format ${format}, this program reads up to ${reads}\\. Use the newer program`);

describe("state of another program version", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    await createTopic(stack.brokers, GOLDEN_INPUT, 1);
    await createTopic(stack.brokers, PREDICTIONS, 1);
    await createTopic(stack.brokers, "dead-letters", 1);
    await writeRecords(stack.brokers, goldenRecords(0, RECORDS));
  });

  const start = (id: string) => stack.start("rls-racer", { ...GOLDEN_ENVIRONMENT, APPLICATION_ID: id });
  const outputs = async () =>
    (await readTopic(stack.brokers, PREDICTIONS)).map(({ value }): unknown => JSON.parse(String(value)));

  /** What a run that was never interrupted predicts after the golden store, and keeps at the end. */
  const uninterrupted = async () => {
    const inputs = (await readTopic(stack.brokers, GOLDEN_INPUT)).map(inputRecordOf);
    const { outputs: all, states } = recompute([rlsRacer], inputs, {
      environments: { "rls-racer": GOLDEN_ENVIRONMENT },
    });
    const predictions = (all.get(PREDICTIONS) ?? []).map(({ value }): unknown => JSON.parse(String(value)));
    return { predictions: predictions.slice(2 * GOLDEN_LENGTH), states };
  };

  for (const format of [1, 2, 3, 4]) {
    for (const kind of ["folder", "changelog"] as const) {
      it(`in a ${kind} of format ${format} goes on as if it had never been interrupted, and is written anew`, async () => {
        const id = `${kind}${format}`;
        const application = `${id}-rls-racer`;
        if (kind === "folder") await plantFolder(stack, format, application);
        else await plantChangelog(stack.brokers, format, application);
        const before = (await outputs()).length;
        const changelog = `${application}-race-changelog`;
        const planted = (await readTopic(stack.brokers, changelog)).length;
        const expected = await uninterrupted();

        const service = start(id);
        const predictions = await waitFor("the predictions", async () => {
          const since = (await outputs()).slice(before);
          return since.length >= expected.predictions.length ? since : undefined;
        });
        assertNear(predictions, expected.predictions, TOLERANCE, id);
        assert.equal(expected.states.length, 2);
        for (const { key, bytes } of expected.states) {
          const actual = await service.json(`/state/race/${key}`);
          assertNear(actual, raceCodec.toJson(packedValueOf(bytes)), TOLERANCE, key);
        }
        const folders = readdirSync(`${stack.stateDirectory}/${application}`);
        assert.deepEqual(folders.sort(), ["0", "slots"]);
        const written = (await readTopic(stack.brokers, changelog)).slice(planted);
        assert.ok(written.length >= 2);
        for (const { key, value } of written) {
          if (String(key) !== POSITIONS_KEY) assert.equal(value && formatOf(value), raceCodec.format);
        }
        assert.equal(await service.stop(), 0);

        const again = start(id);
        await again.ready(1);
        assert.equal(await again.metric("regatta_restores_total"), 0, "a store of today's format is replayed no more");
        assert.equal(await again.stop(), 0);
        assert.equal((await outputs()).length, before + expected.predictions.length);
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
        plantFolder(stack, 2, application, (value) => withFormat(value, NEWER), { formats: undefined }),
    },
    {
      what: "a folder that says that its values are of a newer format",
      message: refusal("store race", NEWER, raceCodec.format),
      plant: (application) => plantFolder(stack, 2, application, undefined, { formats: { race: NEWER } }),
    },
    {
      what: "a folder whose manifest is of a newer format",
      message: refusal("its manifest", MANIFEST_FORMAT + 1, MANIFEST_FORMAT),
      plant: (application) => plantFolder(stack, 2, application, undefined, { format: MANIFEST_FORMAT + 1 }),
    },
    {
      what: "a changelog of a newer format, without a folder",
      message: refusal("race-changelog\\[0\\]@\\d+: dataLinearModel/s\\d", NEWER, raceCodec.format),
      async plant(application) {
        await plantChangelog(stack.brokers, 2, application, (value) => withFormat(value, NEWER));
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
        await readTopic(stack.brokers, PREDICTIONS),
        await readTopic(stack.brokers, "dead-letters"),
        await readTopic(stack.brokers, `${id}-rls-racer-race-changelog`),
      ];
      const before = await records();
      for (let run = 0; run < 2; run++) {
        const service = start(id);
        assert.equal(await service.exited(), EXIT_CONFIGURATION);
        assert.match(service.lines.at(-1)?.msg ?? "", message);
        if (folder !== undefined) assert.deepEqual(readdirSync(dirname(folder)).sort(), ["0", "slots"]);
      }
      assert.deepEqual(await records(), before);
    });
  }
});
