/**
 * Makes the golden stores of the formats that the racers write now, by running them on a local broker:
 * `npx tsc -p . && node dist/test/upgrade/make-golden.js ml-racer-3-late`. To be run once, when a format was raised and its store is
 * listed among {@link GOLDEN_STORES}. Stores of older formats were made by older programs: words behind the name launch one,
 * `sh -c "exec node <folder>/dist/services/ml-racer/main.js"`.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  changelogOf,
  type DumpedRecord,
  GOLDEN_LENGTH,
  GOLDEN_STORES,
  goldenEnvironment,
  goldenFolder,
  goldenName,
  goldenRecords,
} from "../support/data/golden-store.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { Stack } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** One record of each of the two series: so few that the changelog has them by themselves. */
const BATCH = 2;

const [, , name, ...launcher] = process.argv;
const golden = GOLDEN_STORES.find((one) => goldenName(one) === name);
if (golden === undefined) throw new Error(`expected one of ${GOLDEN_STORES.map(goldenName).join(", ")}, got ${name}`);
const application = `regatta-${golden.service.name}`;
const environment = goldenEnvironment(golden);
const stack = await Stack.open();
try {
  await createTopic(stack.brokers, environment.INPUT_TOPICS, 1, { "retention.ms": "-1" });
  const service = stack.start(golden.service.name, environment, launcher);
  await service.ready(1);
  for (let from = 0; from < GOLDEN_LENGTH; from += BATCH) {
    await writeRecords(stack.brokers, goldenRecords(golden, from, from + BATCH));
    const consumed = async () => (await service.metric("regatta_records_consumed_total")) >= from + BATCH;
    await waitFor(`record ${from + BATCH}`, consumed);
  }
  if ((await service.stop()) !== 0) throw new Error(`${golden.service.name} did not stop well`);

  const folder = goldenFolder(golden);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(stack.stateDirectory, application, "0"), join(folder, "store"), { recursive: true });
  for (const store of Object.keys(golden.service.stores)) {
    const records = (await readTopic(stack.brokers, changelogOf(application, store))).map(
      ({ key, value, headers }): DumpedRecord => ({
        key: String(key),
        value: (value ?? Buffer.alloc(0)).toString("base64"),
        headers: (headers ?? []).map((header) =>
          Object.fromEntries(Object.entries(header).map(([header, bytes]) => [header, bytes.toString("utf8")])),
        ),
      }),
    );
    if (records.length > 0)
      writeFileSync(join(folder, `${store}-changelog.json`), `${JSON.stringify(records, null, 1)}\n`);
  }
} finally {
  await stack.close();
}
