/**
 * Makes the golden store of the format that rls-racer writes now, by running it on a local broker:
 * `npx tsc -p . && node dist/test/upgrade/make-golden.js`. To be run once, when the format was raised; the stores of older
 * formats cannot be made again, since no program writes them any more.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import {
  type DumpedRecord,
  GOLDEN_APPLICATION,
  GOLDEN_CHANGELOG,
  GOLDEN_ENVIRONMENT,
  GOLDEN_INPUT,
  GOLDEN_LENGTH,
  goldenFolder,
  goldenRecords,
} from "../support/data/golden-store.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { Stack } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** One record of each of the two series: so few that the changelog has them by themselves. */
const BATCH = 2;

const stack = await Stack.open();
try {
  await createTopic(stack.brokers, GOLDEN_INPUT, 1);
  const service = stack.start("rls-racer", GOLDEN_ENVIRONMENT);
  await service.ready(1);
  for (let from = 0; from < GOLDEN_LENGTH; from += BATCH) {
    await writeRecords(stack.brokers, goldenRecords(from, from + BATCH));
    await waitFor(`record ${from + BATCH}`, async () => {
      const state = JSON.stringify(await service.json("/state/race/dataLinearModel/s1"));
      return state.includes(`"N":${(from + BATCH) / 2}`);
    });
  }
  if ((await service.stop()) !== 0) throw new Error("rls-racer did not stop well");

  const folder = goldenFolder(raceCodec.format);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(stack.stateDirectory, GOLDEN_APPLICATION, "0"), join(folder, "store"), { recursive: true });
  const records = (await readTopic(stack.brokers, GOLDEN_CHANGELOG)).map(
    ({ key, value, headers }): DumpedRecord => ({
      key: String(key),
      value: (value ?? Buffer.alloc(0)).toString("base64"),
      headers: (headers ?? []).map((header) =>
        Object.fromEntries(Object.entries(header).map(([name, bytes]) => [name, bytes.toString("utf8")])),
      ),
    }),
  );
  writeFileSync(join(folder, "changelog.json"), `${JSON.stringify(records, null, 1)}\n`);
} finally {
  await stack.close();
}
