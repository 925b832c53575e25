import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderDamagedError } from "../../../../shared/folder-lock.js";
import { positionAt } from "../../../../shared/kafka/topic-partition.js";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import type { Manifest } from "../../../../shared/kernel/store/manifest.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";
import { seededRandom } from "../../../support/seed.js";

const KEYS = 7;
const manifest = (position: number): Manifest => ({ ...EMPTY_MANIFEST, positions: { input: positionAt(position) } });
/** Batch n writes n to key n mod KEYS, with a filling that makes logs of several blocks. */
const value = (n: number) => Buffer.from(`${n} ${"x".repeat(900)}`);

describe("a LevelDB folder whose log was damaged", function () {
  this.timeout(120_000);
  let root: string;

  before(() => {
    root = mkdtempSync(join(tmpdir(), "regatta-chain-"));
  });
  after(() => rmSync(root, { recursive: true }));

  /** A folder as SIGKILL leaves it: copied while it is open. */
  async function killedFolder(name: string, batches: number): Promise<string> {
    const store = await LevelDbStore.open(join(root, `${name}-live`));
    for (let n = 1; n <= batches; n++)
      await store.write([{ store: "s", key: `k${n % KEYS}`, value: value(n) }], manifest(n));
    cpSync(store.directory, join(root, name), { recursive: true });
    await store.close();
    return join(root, name);
  }

  const logOf = (folder: string) => {
    const [log] = readdirSync(folder).filter((file) => file.endsWith(".log"));
    return join(folder, log);
  };

  /** The batch that the folder stands at; every value must be that of this very batch or the last before it. */
  async function positionOf(folder: string): Promise<number> {
    const store = await LevelDbStore.open(folder);
    try {
      const position = store.manifest()?.positions.input ?? 0;
      for (let n = Math.max(1, position - KEYS + 1); n <= position; n++)
        assert.deepEqual(store.get("s", `k${n % KEYS}`), value(n), `at ${position}, batch ${n}`);
      return position;
    } finally {
      await store.close();
    }
  }

  it("opens where it was killed, also many times", async () => {
    const folder = await killedFolder("whole", 400);
    assert.equal(await positionOf(folder), 400);
    assert.equal(await positionOf(folder), 400);
  });

  it("stands at an older batch when its end is cut off, with all values of that batch", async () => {
    const folder = await killedFolder("cut", 400);
    truncateSync(logOf(folder), Math.floor(statSync(logOf(folder)).size / 2));
    const position = await positionOf(folder);
    assert.ok(position > 100 && position < 300, `${position}`);
  });

  it("is refused when a batch in the middle is lost, though later ones are there", async () => {
    const folder = await killedFolder("hole", 400);
    const log = readFileSync(logOf(folder));
    log[Math.floor(log.length / 2)] ^= 0x40;
    writeFileSync(logOf(folder), log);
    await assert.rejects(LevelDbStore.open(folder), FolderDamagedError);
  });

  it("is refused or stands at one batch wholly, whichever byte is flipped", async () => {
    const { random, seed } = seededRandom();
    const whole = await killedFolder("flip", 400);
    let refused = 0;
    for (let k = 0; k < 40; k++) {
      const folder = join(root, `flip-${k}`);
      cpSync(whole, folder, { recursive: true });
      const log = readFileSync(logOf(folder));
      const at = Math.floor(random() * log.length);
      log[at] ^= 1 << Math.floor(random() * 8);
      writeFileSync(logOf(folder), log);
      try {
        await positionOf(folder);
      } catch (error) {
        if (!(error instanceof FolderDamagedError)) throw new Error(`seed ${seed}, byte ${at}`, { cause: error });
        refused++;
      }
    }
    assert.ok(refused > 20, `seed ${seed}: only ${refused} of 40 were refused`);
  });

  it("keeps no more links than its log can hold batches", async () => {
    const store = await LevelDbStore.open(join(root, "long"));
    const large = Buffer.alloc(1024 * 1024);
    for (let n = 1; n <= 40; n++) await store.write([{ store: "s", key: "k", value: large }], manifest(n));
    await store.close();
    const { Level } = await import("level");
    const db = new Level<string, Buffer>(store.directory, { valueEncoding: "buffer" });
    const links = await db.keys({ gt: "link/", lt: "link/~" }).all();
    await db.close();
    assert.ok(links.length >= 16 && links.length <= 20, `${links.length} links`);
  });

  it("is refused when a batch is lost before one that is larger than a write buffer", async () => {
    const store = await LevelDbStore.open(join(root, "large-live"));
    for (let n = 1; n <= 100; n++)
      await store.write([{ store: "s", key: `k${n}`, value: Buffer.alloc(1024) }], manifest(n));
    await store.write([{ store: "s", key: "k", value: Buffer.alloc(24 * 1024 * 1024) }], manifest(101));
    const folder = join(root, "large");
    cpSync(store.directory, folder, { recursive: true });
    await store.close();
    const log = readFileSync(logOf(folder));
    log[1000] ^= 0x40;
    writeFileSync(logOf(folder), log);
    await assert.rejects(LevelDbStore.open(folder), FolderDamagedError);
  });
});
