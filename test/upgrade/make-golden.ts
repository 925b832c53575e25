/**
 * Makes the golden stores of the formats that the services write now, by running them on a local broker:
 * `npx tsc -p . && node dist/test/upgrade/make-golden.js ml-racer-3-late`. To be run once, when a format was raised and its store is
 * listed among {@link GOLDEN_STORES} or {@link GOLDEN_SERIES}. Stores of older formats were made by older programs: words behind the
 * name launch one, `sh -c "exec node <folder>/dist/services/ml-racer/main.js"`.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  changelogOf,
  type DumpedRecord,
  GOLDEN_LENGTH,
  GOLDEN_RAW_LENGTH,
  GOLDEN_SERIES,
  GOLDEN_STORES,
  goldenEnvironment,
  goldenFolder,
  goldenName,
  goldenRawRecords,
  goldenRecords,
} from "../support/data/golden-store.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { Stack } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** One record of each of the two series: so few that the changelog has them by themselves. */
const BATCH = 2;

const [, , name, ...launcher] = process.argv;
const all = [...GOLDEN_STORES, ...GOLDEN_SERIES];
const golden = all.find((one) => goldenName(one) === name);
if (golden === undefined) throw new Error(`expected one of ${all.map(goldenName).join(", ")}, got ${name}`);
const isRaw = GOLDEN_SERIES.includes(golden);
const length = isRaw ? GOLDEN_RAW_LENGTH : GOLDEN_LENGTH;
const records = (from: number, to: number) => (isRaw ? goldenRawRecords(from, to) : goldenRecords(golden, from, to));
const application = `regatta-${golden.service.name}`;
const environment = goldenEnvironment(golden);
const stack = await Stack.open();
try {
  await createTopic(stack.brokers, environment.INPUT_TOPICS, 1, { "retention.ms": "-1" });
  const service = stack.start(golden.service.name, environment, launcher);
  await service.ready(1);
  for (let from = 0; from < length; from += BATCH) {
    await writeRecords(stack.brokers, records(from, from + BATCH));
    const consumed = async () => (await service.metric("regatta_records_consumed_total")) >= from + BATCH;
    await waitFor(`record ${from + BATCH}`, consumed);
  }
  if ((await service.stop()) !== 0) throw new Error(`${golden.service.name} did not stop well`);

  const folder = goldenFolder(golden);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(stack.stateDirectory, application, "0"), join(folder, "store"), { recursive: true });
  for (const store of Object.keys(golden.service.stores)) {
    const dumped = (await readTopic(stack.brokers, changelogOf(application, store))).map(
      ({ key, value, headers }): DumpedRecord => ({
        key: String(key),
        value: (value ?? Buffer.alloc(0)).toString("base64"),
        headers: (headers ?? []).map((header) =>
          Object.fromEntries(Object.entries(header).map(([header, bytes]) => [header, bytes.toString("utf8")])),
        ),
      }),
    );
    if (dumped.length > 0)
      writeFileSync(join(folder, `${store}-changelog.json`), `${JSON.stringify(dumped, null, 1)}\n`);
  }
} finally {
  await stack.close();
}
