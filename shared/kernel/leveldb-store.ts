/**
 * One LevelDB folder: the committed state of one task. Every batch is atomic and carries the positions it stands for, so
 * the folder always shows one commit, whatever moment the process died at.
 */
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { z } from "zod";

/** What a folder says of itself; written with every batch. */
const manifestSchema = z.object({
  format: z.literal(1),
  /** Application id of the service: a folder of another one is not ours. */
  application: z.string(),
  partition: z.number().int(),
  /** Topic ids of inputs and changelogs: a topic deleted and made again has another one. */
  topicIds: z.record(z.string(), z.string()),
  /** Next offset to process, by input topic. */
  positions: z.record(z.string(), z.number().int()),
  /** By store: everything in the changelog before this offset is in the folder. */
  changelogPositions: z.record(z.string(), z.number().int()),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Another process has the folder open. */
export class StoreLockedError extends Error {
  override readonly name = "StoreLockedError";
}

/** The folder cannot be read: it is moved aside and rebuilt from the changelog. */
export class StoreDamagedError extends Error {
  override readonly name = "StoreDamagedError";
}

const MANIFEST_KEY = "manifest";
const VALUE_PREFIX = "v/";

const valueKey = (store: string, key: string) => `${VALUE_PREFIX}${store}/${key}`;

/** A write of a batch; `value` undefined deletes. */
export interface StoreWrite {
  readonly store: string;
  readonly key: string;
  readonly value: Buffer | undefined;
}

export class LevelDbStore {
  readonly directory: string;
  readonly #db: Level<string, Buffer>;

  private constructor(directory: string, db: Level<string, Buffer>) {
    this.directory = directory;
    this.#db = db;
  }

  /**
   * Opens or makes the folder and takes its lock.
   * @throws {StoreLockedError} another process holds it
   * @throws {StoreDamagedError} LevelDB cannot read it
   */
  static async open(directory: string): Promise<LevelDbStore> {
    await mkdir(directory, { recursive: true });
    const db = new Level<string, Buffer>(directory, { keyEncoding: "utf8", valueEncoding: "buffer" });
    try {
      await db.open();
    } catch (error) {
      if (causeCode(error) === "LEVEL_LOCKED")
        throw new StoreLockedError(`${directory} is open in another process`, { cause: error });
      if (isDamage(error)) throw new StoreDamagedError(`${directory} cannot be read`, { cause: error });
      throw error;
    }
    return new LevelDbStore(directory, db);
  }

  /**
   * What the folder says of itself, undefined where it is new.
   * @throws {StoreDamagedError} it says something else
   */
  manifest(): Manifest | undefined {
    const bytes = this.#db.getSync(MANIFEST_KEY);
    if (bytes === undefined) return undefined;
    try {
      return manifestSchema.parse(JSON.parse(bytes.toString("utf8")));
    } catch (error) {
      throw new StoreDamagedError(`${this.directory}: its manifest cannot be read`, { cause: error });
    }
  }

  /** The stored bytes of a key, undefined where there are none. */
  get(store: string, key: string): Buffer | undefined {
    return this.#db.getSync(valueKey(store, key));
  }

  /** Keys of one store in order, at most `limit`, from `after` on. */
  keys(store: string, limit: number, after = ""): Promise<string[]> {
    const prefix = valueKey(store, "");
    return this.#db
      .keys({ gt: prefix + after, lt: `${prefix}\uffff`, limit })
      .all()
      .then((keys) => keys.map((key) => key.slice(prefix.length)));
  }

  /** Writes values and manifest in one atomic batch. It survives the death of the process, not that of the machine. */
  async write(writes: readonly StoreWrite[], manifest: Manifest): Promise<void> {
    await this.#batchOf(writes)
      .put(MANIFEST_KEY, Buffer.from(JSON.stringify(manifest)))
      .write();
  }

  /** Values of a restore, without a new manifest: a restore that is cut short begins again where it began. */
  async restore(writes: readonly StoreWrite[]): Promise<void> {
    await this.#batchOf(writes).write();
  }

  #batchOf(writes: readonly StoreWrite[]) {
    const batch = this.#db.batch();
    for (const { store, key, value } of writes) {
      if (value === undefined) batch.del(valueKey(store, key));
      else batch.put(valueKey(store, key), value);
    }
    return batch;
  }

  /** Bytes on disk. */
  async bytes(): Promise<number> {
    let total = 0;
    for (const file of await readdir(this.directory)) {
      // A compaction may remove a file between the listing and the look.
      total += await stat(join(this.directory, file)).then(
        ({ size }) => size,
        () => 0,
      );
    }
    return total;
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

/** Keeps a folder that cannot be used under another name, so that it can be looked at. */
export async function moveAside(directory: string): Promise<string> {
  const aside = `${directory}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
  await rename(directory, aside);
  return aside;
}

function causeCode(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}

function isDamage(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const text = cause instanceof Error ? cause.message : "";
  return causeCode(error) === "LEVEL_CORRUPTION" || /corrupt|CURRENT|no such file|missing file/i.test(text);
}
