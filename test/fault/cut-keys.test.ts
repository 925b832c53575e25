import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { LINEAR_TOPIC, observationsTopic } from "../../shared/contract/topics.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { positionAt } from "../../shared/kafka/topic-partition.js";
import { hasWholeKey } from "../../shared/kernel/changelog/changelog.js";
import { observation, observationRecord } from "../support/data/observations.js";
import { recompute } from "../support/judge/offline-model.js";
import { inputRecordOf } from "../support/kafka/input-record.js";
import {
  createTopic,
  describeTopics,
  readTopic,
  setPosition,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const INPUT = observationsTopic(LINEAR_TOPIC).name;
const PREDICTIONS = "rls-predictions";
const ENVIRONMENT = { TOPIC_PARTITIONS: "1", RLS_MODELS: "rls:1.0" };
const SERIES = ["plain", "a", "a\0b", "a\0c", ...[1, 2, 3].map((n) => `\0\0\0${String.fromCharCode(n)}`)];
/** No observation of it comes any more, so that nobody writes its key but to mend it. */
const QUIET = "a\0quiet";
const STEPS = 20;
const COUNT = (SERIES.length + 1) * STEPS;
const keyOf = (series: string) => `${LINEAR_TOPIC}/${series}`;
const cut = (key: string) => key.split("\0")[0];

interface Prediction {
  readonly series: string;
  readonly i: number;
  readonly n: number;
}

describe("state of a version that cut keys at NUL bytes in its changelogs", function () {
  this.timeout(300_000);
  const stack = stackFor();
  let changelog: ConsumedRecord[];
  /** Where the input stands after the observations that the older version has learned from. */
  let learned: number;

  before(async () => {
    for (const topic of [INPUT, PREDICTIONS, "rls-standings"]) await createTopic(stack.brokers, topic, 1);
    await writeRecords(stack.brokers, observations([...SERIES, QUIET], 0, STEPS));
    const service = start("whole");
    await waitForRecords(stack.brokers, PREDICTIONS, COUNT);
    assert.equal(await service.stop(), 0);
    changelog = await readTopic(stack.brokers, "whole-rls-racer-race-changelog");
    learned = (await readTopic(stack.brokers, INPUT)).length;
    await writeRecords(stack.brokers, observations(SERIES, STEPS, STEPS + 5));
  });

  const start = (id: string, more: Readonly<Record<string, string>> = {}) =>
    stack.start("rls-racer", { ...ENVIRONMENT, APPLICATION_ID: id, ...more });
  const folderOf = (id: string) => join(stack.stateDirectory, `${id}-rls-racer`, "0");
  const changelogOf = (id: string) => readTopic(stack.brokers, `${id}-rls-racer-race-changelog`);
  const predictions = async () =>
    (await readTopic(stack.brokers, PREDICTIONS)).map(({ value }) => JSON.parse(String(value)) as Prediction);

  /** The changelog as the older version wrote it, under the name of another application, and its group's position. */
  async function plantChangelog(id: string): Promise<void> {
    const topic = `${id}-rls-racer-race-changelog`;
    await createTopic(stack.brokers, topic, 1, { "cleanup.policy": "compact" });
    const headers = [{ "regatta-positions": JSON.stringify({ [INPUT]: learned }) }];
    const records = changelog.map(({ key, value }) => ({ topic, partition: 0, key: cut(String(key)), value, headers }));
    await writeRecords(stack.brokers, records);
    await setPosition(stack.brokers, `${id}-rls-racer`, { topic: INPUT, partition: 0, position: positionAt(learned) });
  }

  /** The folder as the older version left it beside that changelog. */
  async function plantFolder(id: string, position = learned): Promise<void> {
    await plantChangelog(id);
    cpSync(folderOf("whole"), folderOf(id), { recursive: true });
    const level = new Level<string, Buffer>(folderOf(id), { valueEncoding: "buffer" });
    const manifest = JSON.parse(String(await level.get("manifest"))) as Record<string, unknown>;
    assert.equal(manifest.wholeKeys, true);
    const described = await describeTopics(stack.brokers, [INPUT, `${id}-rls-racer-race-changelog`]);
    const older = {
      ...manifest,
      application: `${id}-rls-racer`,
      topicIds: Object.fromEntries([...described].map(([name, topic]) => [name, topic.id])),
      positions: { [INPUT]: position },
      changelogPositions: { race: 3 },
      wholeKeys: undefined,
    };
    await level.put("manifest", Buffer.from(JSON.stringify(older)));
    await level.close();
  }

  /** What an undisturbed run predicts of the last five observations of each series. */
  async function expected(): Promise<unknown[]> {
    const inputs = (await readTopic(stack.brokers, INPUT)).map(inputRecordOf);
    const { outputs } = recompute([rlsRacer], inputs, { environments: { "rls-racer": ENVIRONMENT } });
    return (outputs.get(PREDICTIONS) ?? []).slice(COUNT).map(({ value }) => JSON.parse(String(value)));
  }

  it("is mended from its folder by the first commits, also where the process dies amid them: scores go on", async () => {
    await plantFolder("folder");
    const before = (await predictions()).length;
    const dying = start("folder", { FAILPOINT: "after-commit:1" });
    await dying.exited();
    const service = start("folder");
    await service.ready(1);
    await waitForRecords(stack.brokers, PREDICTIONS, before + 5 * SERIES.length);
    const newest = new Map<string, ConsumedRecord>();
    await waitFor("every key, whole", async () => {
      for (const record of await changelogOf("folder")) newest.set(String(record.key), record);
      return [...SERIES, QUIET].every((series) => newest.get(keyOf(series)) !== undefined);
    });
    assert.equal(newest.get(`${LINEAR_TOPIC}/`)?.value, null, "a cut key that is nobody's is deleted");
    for (const series of [...SERIES, QUIET]) assert.ok(hasWholeKey(newest.get(keyOf(series)) ?? changelog[0]), series);
    assert.equal(await service.stop(), 0);
    assert.deepEqual((await predictions()).slice(before), await expected());

    const written = (await changelogOf("folder")).length;
    const states = (running: RunningService) =>
      Promise.all([...SERIES, QUIET].map((series) => running.json(`/state/race/${encodeURIComponent(keyOf(series))}`)));
    const again = start("folder");
    await again.ready(1);
    const kept = await states(again);
    assert.equal(await again.stop(), 0);
    assert.equal((await changelogOf("folder")).length, written, "it is mended once");
    rmSync(folderOf("folder"), { recursive: true });
    const rebuilt = start("folder");
    await rebuilt.ready(1);
    assert.deepEqual(await states(rebuilt), kept);
    assert.equal(await rebuilt.stop(), 0);
  });

  it("is refused where the folder is gone, when a series comes whose key was cut; ON_CHANGELOG_LOSS=accept lets it begin anew", async () => {
    await plantChangelog("changelog");
    const before = (await predictions()).length;
    const service = start("changelog");
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(
      service.lines.at(-1)?.msg ?? "",
      /the state of "dataLinearModel\/.*" in store race is lost: an older version/,
    );
    const accepting = start("changelog", { ON_CHANGELOG_LOSS: "accept" });
    await waitForRecords(stack.brokers, PREDICTIONS, before + 5 * SERIES.length);
    const since = (await predictions()).slice(before);
    const last = (series: string) => since.findLast((prediction) => prediction.series === series)?.n;
    assert.equal(last("plain"), STEPS + 5);
    for (const series of SERIES.filter((name) => name.includes("\0"))) assert.equal(last(series), 5, series);
    assert.equal(await accepting.stop(), 0);
  });

  it("is refused where the folder lacks what the changelog has under cut keys", async () => {
    await plantFolder("behind", learned - 1);
    const service = start("behind");
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(service.lines.at(-1)?.msg ?? "", /is behind its group.*Set the group back to/);
  });
});

function observations(names: readonly string[], from: number, to: number) {
  return Array.from({ length: to - from }, (_, step) => from + step).flatMap((i) =>
    names.map((series, n) =>
      observationRecord(observation({ series, i, y: Math.sin(i * (n + 1)), x: [Math.cos(i + n), n] })),
    ),
  );
}
