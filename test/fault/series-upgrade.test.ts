import assert from "node:assert/strict";
import { seriesCodec } from "../../services/deserializer/series-codec.js";
import { deserializer } from "../../services/deserializer/service.js";
import { observationsTopic } from "../../shared/contract/topics.js";
import { POSITIONS_KEY } from "../../shared/kernel/changelog/changelog.js";
import { formatOf } from "../../shared/kernel/store/stored-value.js";
import { packedValueOf } from "../../shared/packed-value.js";
import {
  changelogOf,
  GOLDEN_RAW_LENGTH,
  GOLDEN_SERIES,
  goldenEnvironment,
  goldenName,
  goldenRawRecords,
  plantChangelogs,
  plantFolder,
} from "../support/data/golden-store.js";
import { recompute } from "../support/judge/offline-model.js";
import { inputRecordOf } from "../support/kafka/input-record.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const environment = goldenEnvironment(GOLDEN_SERIES[0]);
const { INPUT_TOPICS: input } = environment;
const RESULTS = observationsTopic(input).name;

describe("series that an older deserializer has kept, with lags", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    for (const topic of [input, RESULTS, "dead-letters"]) await createTopic(stack.brokers, topic, 1);
    await writeRecords(stack.brokers, goldenRawRecords(0, 2 * GOLDEN_RAW_LENGTH));
  });

  const observations = async () => (await readTopic(stack.brokers, RESULTS)).map(({ value }) => String(value));

  for (const [golden, kind] of GOLDEN_SERIES.flatMap((one) => [
    [one, "folder"] as const,
    [one, "changelog"] as const,
  ])) {
    it(`go on from the ${kind} of ${goldenName(golden)} as if they had never been interrupted, and are written anew`, async () => {
      const id = `${kind}-${golden.format}`;
      const application = `${id}-deserializer`;
      if (kind === "folder") await plantFolder(stack, golden, application);
      else await plantChangelogs(stack.brokers, golden, application);
      const changelog = changelogOf(application, "series");
      const planted = (await readTopic(stack.brokers, changelog)).length;
      const before = (await observations()).length;

      const inputs = (await readTopic(stack.brokers, input)).map(inputRecordOf);
      const run = (records: number) =>
        recompute([deserializer], inputs.slice(0, records), { environments: { deserializer: environment } });
      const begun = run(GOLDEN_RAW_LENGTH).outputs.get(RESULTS) ?? [];
      const { outputs, states } = run(2 * GOLDEN_RAW_LENGTH);
      const expected = (outputs.get(RESULTS) ?? []).slice(begun.length).map(({ value }) => String(value));
      assert.equal(expected.length, GOLDEN_RAW_LENGTH);

      const service = stack.start("deserializer", { ...environment, APPLICATION_ID: id });
      const actual = await waitFor("the observations", async () => {
        const since = (await observations()).slice(before);
        return since.length >= expected.length ? since : undefined;
      });
      assert.deepEqual(actual, expected);
      assert.equal(states.length, 2);
      for (const { key, bytes } of states)
        assert.deepEqual(await service.json(`/state/series/${key}`), seriesCodec.toJson(packedValueOf(bytes)));
      const written = (await readTopic(stack.brokers, changelog)).slice(planted);
      assert.ok(written.length >= 2);
      for (const { key, value } of written)
        if (String(key) !== POSITIONS_KEY) assert.equal(value && formatOf(value), seriesCodec.format);
      assert.equal(await service.stop(), 0);

      const again = stack.start("deserializer", { ...environment, APPLICATION_ID: id });
      await again.ready(1);
      assert.equal(await again.metric("regatta_restores_total"), 0, "a store of today's format is replayed no more");
      assert.equal(await again.stop(), 0);
    });
  }
});
