import assert from "node:assert/strict";
import { observation, observationRecord } from "../support/data/observations.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RECORDS = 120;
const FEATURES = 3;
/** Checksum, format, and y and x1 to xn as doubles. */
const ROW_BYTES = 4 + 1 + 8 * (1 + FEATURES);

/** Two lengths per service, neither shorter than the records: two rows in one slot would be logged once where one commit has both. */
const cases = [
  {
    service: "stateful-estimator",
    store: "matrix",
    results: "estimates",
    setting: "MATRIX_ROWS",
    lengths: ["120", "10000"],
    environment: {},
  },
  {
    service: "ml-racer",
    store: "window",
    results: "ml-predictions",
    setting: "WINDOW_LENGTH",
    lengths: ["120", "10000"],
    environment: { ML_MODELS: "lin", TRAIN_LENGTH: "10" },
  },
] as const;

describe("changelogs of rows", function () {
  this.timeout(300_000);
  const stack = stackFor();

  before(async () => {
    for (const topic of ["dataLinearModel", "dataNonLinearModel"])
      await createTopic(stack.brokers, `${topic}.observations`, 1);
    const x = (i: number) => Array.from({ length: FEATURES }, (_, j) => Math.sin(i * (j + 1)));
    await writeRecords(
      stack.brokers,
      Array.from({ length: RECORDS }, (_, i) =>
        observationRecord(observation({ topic: "dataNonLinearModel", i, y: Math.cos(i), x: x(i) })),
      ),
    );
  });

  for (const { service, store, results, setting, lengths, environment } of cases) {
    it(`take as many bytes per record of ${service} whatever ${setting} is: one row each`, async () => {
      const mainBytes: number[] = [];
      for (const [run, length] of lengths.entries()) {
        const application = `rows-${length}`;
        const running = stack.start(service, {
          APPLICATION_ID: application,
          [setting]: length,
          ...environment,
        });
        await waitFor(
          "all results",
          async () => (await readTopic(stack.brokers, results)).length >= (run + 1) * RECORDS,
        );
        assert.equal(await running.stop(), 0);
        const changelog = await readTopic(stack.brokers, `${application}-${service}-${store}-changelog`);
        const rows = changelog.filter(({ key }) => key?.toString().startsWith("dataNonLinearModel/s1/"));
        assert.equal(rows.length, RECORDS);
        for (const { value } of rows) assert.equal(value?.length, ROW_BYTES);
        const main = await readTopic(
          stack.brokers,
          `${application}-${service}-${service === "ml-racer" ? "race" : "series"}-changelog`,
        );
        const sizes = main.map(({ value }) => value?.length ?? 0);
        mainBytes.push(Math.max(...sizes));
        console.log(
          `      ${setting}=${length}: ${rows.length} rows of ${ROW_BYTES} bytes, main value at most ${mainBytes[run]} bytes`,
        );
      }
      assert.equal(mainBytes[1], mainBytes[0]);
    });
  }
});
