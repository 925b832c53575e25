import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { LINEAR_TOPIC, observationsTopic } from "../../shared/contract/topics.js";
import { observation, observationRecord } from "../support/data/observations.js";
import { createTopic, readTopic, waitForRecords, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackForEach } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const INPUT = observationsTopic(LINEAR_TOPIC).name;
const PREDICTIONS = "rls-predictions";
/** The service's first commit has it ask for the end of its changelog: what it processes next comes after the answer. */
const FIRST = 10;
const SERIES = 3000;
/** Far fewer records than its series: a restore that reads no more has not read them again. */
const FEW = 1000;

describe("the place of a folder in its changelog", function () {
  this.timeout(300_000);
  const stack = stackForEach();

  const folder = () => join(stack.stateDirectory, "place-rls-racer", "0");
  const changelog = () => readTopic(stack.brokers, "place-rls-racer-race-changelog");

  /** Records of the changelog that the folder does not say to have. */
  async function unstated(directory: string): Promise<number> {
    const level = new Level<string, Buffer>(directory, { valueEncoding: "buffer" });
    const manifest = JSON.parse(String(await level.get("manifest"))) as { changelogPositions: { race?: number } };
    await level.close();
    const { race = 0 } = manifest.changelogPositions;
    return (await changelog()).filter(({ offset }) => offset >= race).length;
  }

  /** A service that has processed the first records, and then all series at once. */
  async function worked(environment: Readonly<Record<string, string>> = {}) {
    for (const topic of [INPUT, PREDICTIONS]) await createTopic(stack.brokers, topic, 1);
    const records = Array.from({ length: SERIES }, (_, k) =>
      observationRecord(observation({ topic: LINEAR_TOPIC, series: `s${k}`, i: 0, y: k, x: [1] })),
    );
    const service = stack.start("rls-racer", {
      APPLICATION_ID: "place",
      TOPIC_PARTITIONS: "1",
      RLS_MODELS: "rls:1.0",
      ...environment,
    });
    await writeRecords(stack.brokers, records.slice(0, FIRST));
    await waitForRecords(stack.brokers, PREDICTIONS, FIRST);
    await writeRecords(stack.brokers, records.slice(FIRST));
    await waitForRecords(stack.brokers, PREDICTIONS, SERIES);
    return service;
  }

  it("is known when the service has stopped", async () => {
    const service = await worked();
    assert.equal(await service.stop(), 0);
    const left = await unstated(folder());
    assert.ok(left < FEW, `${left} records`);
  });

  it("is known once the service is idle, by a commit of its own", async () => {
    const service = await worked({ STATE_SAVE_INTERVAL_MS: "100" });
    const copy = `${folder()}-copy`;
    await waitFor("the folder to know", async () => {
      try {
        cpSync(folder(), copy, { recursive: true });
        return (await unstated(copy)) < FEW;
      } catch {
        // The service has written to it meanwhile.
        return false;
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    });
    assert.equal(await service.stop(), 0);
  });
});
