import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Level } from "level";
import { SERVICE_NAMES } from "../../services/names.js";
import { LevelDbStore } from "../../shared/kernel/store/leveldb-store.js";
import { CHAIN, judge, LINEAR_CHAIN } from "../support/judge/verdict.js";
import { seededRandom } from "../support/seed.js";
import { CONSUMING_SERVICES } from "../support/services/five-services.js";
import type { RunningService } from "../support/services/service-runner.js";
import { Stack, stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

/** So that a folder's log has many batches, and what is killed lags a little. */
const SAVED_OFTEN = { STATE_SAVE_INTERVAL_MS: "200" };
const PRODUCER = { SERIES: "24", RATE: "150", SEED: "5", ...SAVED_OFTEN };
const ML = { ML_MODELS: "lin", ...SAVED_OFTEN };
/** State so large that LevelDB soon needs the next log file. */
const LARGE = { SERIES: "1", RATE: "40", FEATURES: "200" };
const OFTEN = { COMMIT_INTERVAL_MS: "100", ...SAVED_OFTEN };

interface Damage {
  readonly name: string;
  readonly service: string;
  readonly partition: number;
  readonly apply: (folder: string) => void | Promise<void>;
  /** `aside`: moved aside and rebuilt whole. `empty`: nothing was there. `behind`: sound, but older than the group. */
  readonly outcome: "aside" | "empty" | "behind";
}

const file = (folder: string, pattern: RegExp): string => {
  const found = readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  assert.ok(found.length > 0, `${folder} has no ${pattern}`);
  return found[0];
};
const flip = (path: string, at: number) => {
  const bytes = readFileSync(path);
  bytes[at] ^= 0x10;
  writeFileSync(path, bytes);
};
const cut = (path: string, share: number) => truncateSync(path, Math.floor(statSync(path).size * share));
/** Of the neighbour task, or of another service's, in place of the folder. */
const swapFor = (other: (folder: string) => string) => (folder: string) => {
  rmSync(folder, { recursive: true });
  cpSync(other(folder), folder, { recursive: true });
};

const damages: readonly Damage[] = [
  {
    name: "a flipped bit in a value of a table",
    service: "rls-racer",
    partition: 0,
    apply: flipValue,
    outcome: "aside",
  },
  {
    name: "a flipped bit in the middle of the log",
    service: "rls-racer",
    partition: 1,
    apply: (folder) => flip(file(folder, /\.log$/), Math.floor(statSync(file(folder, /\.log$/)).size / 3)),
    outcome: "aside",
  },
  {
    name: "a table that is missing",
    service: "rls-racer",
    partition: 2,
    apply: (folder) => rmSync(file(folder, /\.ldb$/)),
    outcome: "aside",
  },
  {
    name: "positions that cannot be read",
    service: "rls-racer",
    partition: 3,
    apply: garblePositions,
    outcome: "aside",
  },
  {
    name: "a folder that was deleted",
    service: "deserializer",
    partition: 0,
    apply: (folder) => rmSync(folder, { recursive: true }),
    outcome: "empty",
  },
  {
    name: "no CURRENT",
    service: "deserializer",
    partition: 1,
    apply: (folder) => rmSync(join(folder, "CURRENT")),
    outcome: "aside",
  },
  {
    name: "a CURRENT of other text",
    service: "deserializer",
    partition: 2,
    apply: (folder) => writeFileSync(join(folder, "CURRENT"), "MANIFEST-999999\n"),
    outcome: "aside",
  },
  {
    name: "no MANIFEST",
    service: "deserializer",
    partition: 3,
    apply: (folder) => rmSync(file(folder, /^MANIFEST-/)),
    outcome: "aside",
  },
  {
    name: "a log without its end",
    service: "stateful-estimator",
    partition: 0,
    apply: (folder) => cut(file(folder, /\.log$/), 0.6),
    outcome: "behind",
  },
  {
    name: "the folder of another partition",
    service: "stateful-estimator",
    partition: 1,
    apply: swapFor((folder) => join(folder, "..", "2")),
    outcome: "aside",
  },
  {
    name: "the folder of another service",
    service: "stateful-estimator",
    partition: 3,
    apply: swapFor((folder) => join(folder, "..", "..", "regatta-ml-racer", "3")),
    outcome: "aside",
  },
  {
    name: "a MANIFEST cut in half",
    service: "ml-racer",
    partition: 1,
    apply: (folder) => cut(file(folder, /^MANIFEST-/), 0.5),
    outcome: "aside",
  },
  {
    name: "zeros where a table was",
    service: "ml-racer",
    partition: 2,
    apply: (folder) => writeFileSync(file(folder, /\.ldb$/), Buffer.alloc(statSync(file(folder, /\.ldb$/)).size)),
    outcome: "aside",
  },
];

describe("a damaged state folder", function () {
  this.timeout(300_000);
  const stack = stackFor();
  let services: Map<string, RunningService>;

  const service = (name: string): RunningService => {
    const found = services.get(name);
    assert.ok(found, name);
    return found;
  };
  const folderOf = (name: string, partition: number) =>
    join(stack.stateDirectory, `regatta-${name}`, String(partition));
  const startAll = async () => {
    services = new Map(SERVICE_NAMES.map((name) => [name, stack.start(name, name === "producer" ? PRODUCER : ML)]));
    for (const name of SERVICE_NAMES) await service(name).ready(4);
  };
  const progress = async () => {
    for (const name of CONSUMING_SERVICES) await consumedMore(service(name), 600);
  };

  it(`of ${damages.length} kinds is noticed each time, kept, and rebuilt without a wrong value`, async () => {
    await startAll();
    await progress();
    for (const name of SERVICE_NAMES) assert.equal(await service(name).stop(), 0);
    // Opening again turns logs into tables, so that there is one of each to damage.
    await startAll();
    await progress();
    // Killed between Kafka's commit and its own, a folder lags: its restore would write over the value whose bit is flipped.
    assert.equal(await service("rls-racer").stop(), 0);
    for (const name of SERVICE_NAMES) await service(name).kill();

    // The folder that another is replaced by must be a sound one.
    for (const { apply, service: name, partition } of [...damages].reverse()) await apply(folderOf(name, partition));
    await startAll();
    await progress();
    for (const { name, service: owner, partition, outcome } of damages) {
      const task = `${owner}/${partition}`;
      await waitFor(`${task} to be rebuilt after ${name}`, () =>
        service(owner).lines.some(
          (line) =>
            line.msg === "state replayed" &&
            line.task === task &&
            line.cause === (outcome === "behind" ? "behind" : "empty"),
        ),
      );
      const kept = readdirSync(join(stack.stateDirectory, `regatta-${owner}`)).filter((entry) =>
        entry.startsWith(`${partition}.damaged-`),
      );
      assert.equal(kept.length, outcome === "aside" ? 1 : 0, `${name}: kept ${kept}`);
    }
    console.log(`      ${damages.map(({ name }) => name).join(", ")}: all noticed`);
  });

  it("that vanishes while it is open is noticed and rebuilt without a restart", async () => {
    const folder = folderOf("rls-racer", 0);
    removeOpen(folder);
    await rebuilt(service("rls-racer"), folder);
    await progress();
    assert.ok(statSync(folder).isDirectory());
  });

  it("whose rebuild is cut short by kills is rebuilt in the end", async () => {
    const { random, seed } = seededRandom();
    await service("stateful-estimator").kill();
    rmSync(join(stack.stateDirectory, "regatta-stateful-estimator"), { recursive: true });
    let cut = 0;
    for (let k = 0; k < 6; k++) {
      const short = stack.start("stateful-estimator");
      await short.logged("running");
      // The group gives its partitions a moment later; the replay is short, so that some kills come before and some after it.
      await delay(random() * 400);
      await short.kill();
      if (!short.lines.some(({ msg }) => msg === "state replayed")) cut++;
    }
    console.log(`      seed ${seed}: ${cut} of 6 kills before the end of a rebuild`);
    services.set("stateful-estimator", stack.start("stateful-estimator"));
    await service("stateful-estimator").ready(4);
    await progress();
  });

  it("changes no result", async () => {
    assert.equal(await service("producer").stop(), 0);
    assert.ok((await judge(stack.brokers, CHAIN, ML)).equal);
    for (const name of CONSUMING_SERVICES) assert.equal(await service(name).stop(), 0);
  });

  it("that vanishes while much is written is noticed by the write, and rebuilt without a restart", async () => {
    const own = await Stack.open();
    try {
      const chain = LINEAR_CHAIN.map(({ name }) => own.start(name, OFTEN));
      const producer = own.start("producer", LARGE);
      const racer = chain[1];
      await consumedMore(racer, 100);
      // The partition of a series that is written to.
      const [folder] = [0, 1, 2, 3]
        .map((partition) => join(own.stateDirectory, "regatta-rls-racer", String(partition)))
        .sort((a, b) => bytesOf(b) - bytesOf(a));
      removeOpen(folder);
      await rebuilt(racer, folder);
      await consumedMore(racer, 100);
      assert.equal(await producer.stop(), 0);
      assert.ok((await judge(own.brokers, LINEAR_CHAIN)).equal);
      for (const service of chain) assert.equal(await service.stop(), 0);
    } finally {
      await own.close();
    }
  });
});

async function consumedMore(service: RunningService, records: number): Promise<void> {
  const consumed = () => service.metric("regatta_records_consumed_total");
  const before = await consumed();
  await waitFor(`${service.name} to go on`, async () => (await consumed()) > before + records);
}

/** Its owner may make a file in it meanwhile. */
const removeOpen = (folder: string) => rmSync(folder, { recursive: true, maxRetries: 10 });

/** Waits until a service has rebuilt a folder that it had open. */
async function rebuilt(service: RunningService, folder: string): Promise<void> {
  await waitFor(`the rebuilt ${folder}`, () => {
    service.mustRun();
    return service.lines.some(
      ({ msg, directory, err }) =>
        msg === "folder moved aside; it is rebuilt from the changelog" &&
        directory === folder &&
        JSON.stringify(err).includes("while it was open"),
    );
  });
}

/** LevelDB may remove a file between the listing and the look. */
const bytesOf = (folder: string) =>
  readdirSync(folder).reduce(
    (bytes, name) => bytes + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

const WINDOW_BYTES = 16;

/** Even in a compressed table some stretch of a value of doubles lies as it is. */
async function flipValue(folder: string): Promise<void> {
  // Opening turns the log into a table: what lies in it is then read from there.
  const store = await LevelDbStore.open(folder);
  const values: Buffer[] = [];
  for await (const { value } of store.entries("race")) values.push(value);
  await store.close();
  // The newest table first: an older one may hold the same bytes in a value that nobody reads any more.
  const tables = readdirSync(folder).filter((entry) => entry.endsWith(".ldb"));
  for (const name of tables.sort().reverse()) {
    const table = readFileSync(join(folder, name));
    for (const value of values) {
      for (let from = 5; from + WINDOW_BYTES <= value.length; from += WINDOW_BYTES) {
        const at = table.indexOf(value.subarray(from, from + WINDOW_BYTES));
        if (at >= 0) return flip(join(folder, name), at);
      }
    }
  }
  assert.fail("no value was found in a table");
}

async function garblePositions(folder: string): Promise<void> {
  const db = new Level<string, string>(folder);
  await db.put("manifest", "{");
  await db.close();
}
