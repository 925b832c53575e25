/**
 * One LevelDB folder: the committed state of one task. Every batch is atomic and carries the positions it stands for, so
 * the folder always shows one commit, whatever moment the process died at.
 */
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { Level } from "level";
import { z } from "zod";
import { StoreError } from "../../errors.js";
import { positionAt } from "../../kafka/topic-partition.js";
import { type FolderMemory, folderMemory, memoryBudget } from "../../memory-budget.js";
import { BatchChain } from "./batch-chain.js";
import { refuseUnknownFormat } from "./stored-value.js";

/** Raised when a program that reads today's manifest would misread the new one. */
export const MANIFEST_FORMAT = 1;

const positionsSchema = z.record(z.string(), z.number().int().transform(positionAt));

/** What a folder says of itself; written with every batch. */
const manifestSchema = z.object({
  format: z.literal(MANIFEST_FORMAT),
  /** Application id of the service: a folder of another one is not ours. */
  application: z.string(),
  partition: z.number().int(),
  /** Topic ids of inputs and changelogs: a topic deleted and made again has another one. */
  topicIds: z.record(z.string(), z.string()),
  /** Next offset to process, by input topic. */
  positions: positionsSchema,
  /** By store: everything in the changelog before this offset is in the folder. */
  changelogPositions: positionsSchema,
  /** By store: the newest format of its values, so that an older program refuses the folder before it reads one. */
  formats: z.record(z.string(), z.number().int()).optional(),
  /** Tasks of the service when it was written; another number than today's means that state has moved between them since. */
  tasks: z.number().int().optional(),
  /** Every key of the folder stands whole in the changelog: no program that cut keys has written it, or it was mended. */
  wholeKeys: z.literal(true).optional(),
  /** Some values come from a changelog in which keys were cut. */
  cutKeys: z.literal(true).optional(),
  /** Written by a standby: the last commit in the folder may be there in part, and `positions` may be those of its end. */
  standby: z.literal(true).optional(),
});
const formatSchema = z.object({ format: z.number().int() });
export type Manifest = z.infer<typeof manifestSchema>;

/** Another process has the folder open. */
export class StoreLockedError extends Error {
  override readonly name = "StoreLockedError";
}

/** The folder cannot be read: it is moved aside and rebuilt from the changelog. */
export class StoreDamagedError extends Error {
  override readonly name = "StoreDamagedError";
}

/**
 * The folder cannot be written: the disk is full or fails. LevelDB refuses every further write then, so the process ends;
 * what is committed is in the changelog, and the next start goes on from there.
 */
export class StoreWriteError extends Error {
  override readonly name = "StoreWriteError";
}

const ALONE = folderMemory(memoryBudget(), 1);

const MANIFEST_KEY = "manifest";
const VALUE_PREFIX = "v/";

const valueKey = (store: string, key: string) => `${VALUE_PREFIX}${store}/${key}`;
/**
 * How a key is looked up. As text, LevelDB's driver writes it into a buffer that it keeps, and takes one that does not fit for a
 * shorter one where the part that fits ends amid a character: the value would not be found.
 */
const BYTES = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;
/** The first text that is behind every key of a store: the character after the slash takes its place. */
const endOfStore = (store: string) => `${VALUE_PREFIX}${store}0`;

/** A write of a batch; `value` undefined deletes. */
export interface StoreWrite {
  readonly store: string;
  readonly key: string;
  readonly value: Buffer | undefined;
}

export class LevelDbStore {
  readonly directory: string;
  readonly #db: Level<string, Buffer>;
  readonly #chain: BatchChain;
  /** Which directory this is, whatever may bear its name by now. */
  readonly #inode: number;

  private constructor(directory: string, db: Level<string, Buffer>, chain: BatchChain, inode: number) {
    this.directory = directory;
    this.#db = db;
    this.#chain = chain;
    this.#inode = inode;
  }

  /**
   * Opens or makes the folder and takes its lock.
   * @param memory LevelDB's own; by default that of a process which has no other folder open
   * @throws {StoreLockedError} another process holds it
   * @throws {StoreDamagedError} LevelDB cannot read it, or a batch is missing in it
   * @throws {StoreError} this process may not write there
   * @throws {StoreWriteError} the disk is full or fails
   */
  static async open(directory: string, memory: FolderMemory = ALONE): Promise<LevelDbStore> {
    await makeFolder(directory);
    await refuseHeadless(directory);
    const db = await openDatabase(directory, memory);
    const { chain, fault } = await BatchChain.read(db);
    if (fault !== undefined) {
      await db.close();
      throw new StoreDamagedError(`${directory}: ${fault}`);
    }
    return new LevelDbStore(directory, db, chain, (await stat(directory)).ino);
  }

  /**
   * What the folder says of itself, undefined where it is new.
   * @throws {StoreDamagedError} it says something else
   * @throws {StoreError} another program wrote it, in a format that this one does not read
   */
  manifest(): Manifest | undefined {
    const bytes = this.#db.getSync(MANIFEST_KEY);
    if (bytes === undefined) return undefined;
    try {
      const said: unknown = JSON.parse(bytes.toString("utf8"));
      refuseUnknownFormat(
        { format: MANIFEST_FORMAT },
        formatSchema.parse(said).format,
        `${this.directory}: its manifest`,
      );
      return manifestSchema.parse(said);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreDamagedError(`${this.directory}: its manifest cannot be read`, { cause: error });
    }
  }

  /** The stored bytes of a key, undefined where there are none. */
  get(store: string, key: string): Buffer | undefined {
    return this.#db.getSync<Buffer, Buffer>(Buffer.from(valueKey(store, key)), BYTES);
  }

  /** Keys of one store in order of their bytes, at most `limit`; those behind `after` where it is given. */
  keys(store: string, limit: number, after?: string): Promise<string[]> {
    const prefix = valueKey(store, "");
    return this.#db
      .keys({ [after === undefined ? "gte" : "gt"]: prefix + (after ?? ""), lt: endOfStore(store), limit })
      .all()
      .then((keys) => keys.map((key) => key.slice(prefix.length)));
  }

  /** All values of one store in order of key. */
  async *entries(store: string): AsyncGenerator<{ key: string; value: Buffer }> {
    const prefix = valueKey(store, "");
    for await (const [key, value] of this.#db.iterator({ gte: prefix, lt: endOfStore(store) }))
      yield { key: key.slice(prefix.length), value };
  }

  /**
   * Writes values and manifest in one atomic batch. It survives the death of the process, not that of the machine.
   * @throws {StoreWriteError} the disk is full or fails
   * @throws {StoreDamagedError} the folder is gone
   */
  write(writes: readonly StoreWrite[], manifest: Manifest): Promise<void> {
    return this.#write(writes, Buffer.from(JSON.stringify(manifest)));
  }

  /**
   * Values of a restore, without a new manifest: a restore that is cut short begins again where it began.
   * @throws as {@link write}
   */
  restore(writes: readonly StoreWrite[]): Promise<void> {
    return this.#write(writes, undefined);
  }

  async #write(writes: readonly StoreWrite[], manifest: Buffer | undefined): Promise<void> {
    const batch = this.#db.batch();
    let bytes = 0;
    for (const { store, key, value } of writes) {
      if (value === undefined) batch.del(valueKey(store, key));
      else batch.put(valueKey(store, key), value);
      bytes += store.length + key.length + (value?.length ?? 0);
    }
    if (manifest !== undefined) batch.put(MANIFEST_KEY, manifest);
    this.#chain.extend(batch, bytes + (manifest?.length ?? 0));
    try {
      await batch.write();
    } catch (error) {
      await this.refuseGone(error);
      throw new StoreWriteError(
        `${this.directory} cannot be written (${causeMessage(error)}): free space on its disk, or see what is wrong with it. ` +
          "What was committed is in the changelog; the next start goes on from there.",
        { cause: error },
      );
    }
  }

  /**
   * Looks whether the folder is still there under its name: somebody may have deleted it while it is open.
   * @param cause what gave rise to the look
   * @throws {StoreDamagedError} it is not
   */
  async refuseGone(cause?: unknown): Promise<void> {
    if (await this.#isInPlace()) return;
    throw new StoreDamagedError(`${this.directory} was deleted or replaced while it was open`, { cause });
  }

  async #isInPlace(): Promise<boolean> {
    try {
      return (await stat(this.directory)).ino === this.#inode && (await stat(join(this.directory, "CURRENT"))).isFile();
    } catch {
      return false;
    }
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

/**
 * Takes the lock of a folder that holds nothing else. A folder that another process is just making, or that was left half-made by
 * one that was killed, is none the worse for it.
 * @returns frees the lock
 * @throws {StoreLockedError} another process holds it
 * @throws {StoreDamagedError} LevelDB cannot read it
 * @throws {StoreError} this process may not write there
 * @throws {StoreWriteError} the disk is full or fails
 */
export async function lockFolder(directory: string): Promise<() => Promise<void>> {
  await makeFolder(directory);
  const lock = await openDatabase(directory, ALONE);
  return () => lock.close();
}

async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw isFull(String(error)) ? fullError(directory, error) : permissionError(directory, error);
  });
}

async function openDatabase(
  directory: string,
  { blockCache, writeBuffer }: FolderMemory,
): Promise<Level<string, Buffer>> {
  const db = new Level<string, Buffer>(directory, {
    keyEncoding: "utf8",
    valueEncoding: "buffer",
    cacheSize: blockCache,
    writeBufferSize: writeBuffer,
  });
  try {
    await db.open();
    return db;
  } catch (error) {
    throw openError(directory, error);
  }
}

/** Keeps a folder that cannot be used under another name, so that it can be looked at; undefined where it is gone. */
export async function moveAside(directory: string): Promise<string | undefined> {
  const aside = `${directory}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
  try {
    await rename(directory, aside);
    return aside;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Without its file CURRENT LevelDB takes a folder for a new one, and deletes what lies in it. */
async function refuseHeadless(directory: string): Promise<void> {
  const files = await readdir(directory);
  if (files.includes("CURRENT") || !files.some((file) => /^MANIFEST-|\.(ldb|log)$/.test(file))) return;
  throw new StoreDamagedError(`${directory} has ${files.length} files, but not CURRENT`);
}

/** What LevelDB's refusal to open a folder means. The order matters: a full disk also speaks of files that it lacks. */
function openError(directory: string, error: unknown): Error {
  const code = codeOf(error instanceof Error ? error.cause : undefined);
  const text = causeMessage(error);
  if (code === "LEVEL_LOCKED") return new StoreLockedError(`${directory} is open in another process`, { cause: error });
  if (/permission denied|read-only file system/i.test(text)) return permissionError(directory, error);
  if (isFull(text)) return fullError(directory, error);
  if (code === "LEVEL_CORRUPTION" || /corrupt|CURRENT|no such file|missing file/i.test(text))
    return new StoreDamagedError(`${directory} cannot be read (${text})`, { cause: error });
  return new StoreError(`${directory} cannot be opened (${text})`, { cause: error });
}

const isFull = (text: string): boolean =>
  /ENOSPC|EDQUOT|EIO|no space left|quota exceeded|input\/output error/i.test(text);

const fullError = (directory: string, error: unknown): StoreWriteError =>
  new StoreWriteError(`${directory} cannot be opened (${causeMessage(error)}): free space on its disk.`, {
    cause: error,
  });

/** A path that cannot be made: on a read-only disk Node says ENOENT as well, so the code alone does not tell. */
function permissionError(directory: string, error: unknown): StoreError {
  const user = process.getuid === undefined ? "this user" : `user ${process.getuid()}`;
  return new StoreError(
    `STATE_DIR: ${directory} cannot be written by ${user} (${causeMessage(error)}). Give that user the folder, or choose another one.`,
    { cause: error },
  );
}

function causeMessage(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : String(error);
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
