/**
 * LevelDB folders: how one is opened and locked, and what its refusals mean. The lock is LevelDB's own, and the system frees it when
 * the process dies, however it dies; so a folder that holds nothing serves as the lock of what is beside it.
 */
import { mkdir } from "node:fs/promises";
import { Level } from "level";
import { StoreError } from "./errors.js";
import { refuseForeign } from "./folder-owner.js";
import { type FolderMemory, folderMemory, memoryBudget } from "./memory-budget.js";

/** Another process has the folder open. */
export class FolderLockedError extends Error {
  override readonly name = "FolderLockedError";
}

/** The folder cannot be read: LevelDB refuses it, a part of it is missing, or it is another's. What it held is in the changelog. */
export class FolderDamagedError extends Error {
  override readonly name = "FolderDamagedError";
}

/**
 * The folder cannot be written: the disk is full or fails. LevelDB refuses every further write then, so the process ends;
 * what is committed is in the changelog, and the next start restores it.
 */
export class FolderWriteError extends Error {
  override readonly name = "FolderWriteError";
}

/** An open folder: text keys, values of bytes. */
export type FolderDatabase = Level<string, Buffer>;

/** How a folder is opened. */
export interface FolderOptions {
  /** LevelDB's own; by default that of a process which has no other folder open. */
  readonly memory?: FolderMemory;
  /** The setting that the folder comes from, for messages. */
  readonly setting?: string;
}

const ALONE = folderMemory(memoryBudget(), 1);

/**
 * Opens or makes a folder and takes its lock. One that another process is just making, or that was left half-made by a process that
 * was killed, is opened all the same.
 * @throws {FolderLockedError} another process holds it
 * @throws {FolderDamagedError} LevelDB cannot read it
 * @throws {FolderWriteError} the disk is full or fails
 * @throws {StoreError} this process may not write there, or the folder is not its own, see {@link refuseForeign}
 */
export async function openFolder(
  directory: string,
  { memory = ALONE, setting }: FolderOptions,
): Promise<FolderDatabase> {
  await makeFolder(directory, setting);
  await refuseForeign(directory, setting);
  const db = new Level<string, Buffer>(directory, {
    keyEncoding: "utf8",
    valueEncoding: "buffer",
    // Doubles do not become smaller. Tables that an older version has compressed are read all the same.
    compression: false,
    cacheSize: memory.blockCache,
    writeBufferSize: memory.writeBuffer,
  });
  try {
    await db.open();
    return db;
  } catch (error) {
    throw openError(directory, error, setting);
  }
}

/**
 * Takes the lock of a folder that holds nothing else.
 * @returns frees the lock
 * @throws as {@link openFolder}
 */
export async function lockFolder(
  directory: string,
  options: Pick<FolderOptions, "setting"> = {},
): Promise<() => Promise<void>> {
  const lock = await openFolder(directory, options);
  return () => lock.close();
}

/** Makes a folder where there is none, which no other user may read: series and logs are in it. @throws {FolderWriteError | StoreError} as {@link openFolder} */
export async function makeFolder(directory: string, setting: string | undefined): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw isFull(String(error)) ? fullError(directory, error) : permissionError(directory, error, setting);
  });
}

/** What LevelDB says of an error, or Node where it is not LevelDB's. */
export function causeMessage(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : String(error);
}

/** The code of an error of Node's or LevelDB's. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** What LevelDB's refusal to open a folder means. The order matters: a full disk also speaks of files that it lacks. */
function openError(directory: string, error: unknown, setting: string | undefined): Error {
  const code = codeOf(error instanceof Error ? error.cause : undefined);
  const text = causeMessage(error);
  if (code === "LEVEL_LOCKED")
    return new FolderLockedError(`${directory} is open in another process`, { cause: error });
  if (/permission denied|read-only file system/i.test(text)) return permissionError(directory, error, setting);
  if (isFull(text)) return fullError(directory, error);
  if (code === "LEVEL_CORRUPTION" || /corrupt|CURRENT|no such file|missing file/i.test(text))
    return new FolderDamagedError(`${directory} cannot be read (${text})`, { cause: error });
  return new StoreError(`${directory} cannot be opened (${text})`, { cause: error });
}

const isFull = (text: string): boolean =>
  /ENOSPC|EDQUOT|EIO|no space left|quota exceeded|input\/output error/i.test(text);

const fullError = (directory: string, error: unknown): FolderWriteError =>
  new FolderWriteError(`${directory} cannot be opened (${causeMessage(error)}): free space on its disk.`, {
    cause: error,
  });

/** A path that cannot be made: on a read-only disk Node says ENOENT as well, so the code alone does not tell. */
function permissionError(directory: string, error: unknown, setting: string | undefined): StoreError {
  const user = process.getuid === undefined ? "this user" : `user ${process.getuid()}`;
  const place = setting === undefined ? directory : `${setting}: ${directory}`;
  return new StoreError(
    `${place} cannot be written by ${user} (${causeMessage(error)}). Give that user the folder, or choose another one.`,
    { cause: error },
  );
}
