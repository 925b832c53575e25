/** The folder of a local run: its lock, its subfolders, and how it is emptied. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FolderLockedError, lockFolder } from "../../shared/folder-lock.js";
import { type RaceBasis, raceBasisSchema } from "./run-options.js";

/** Another run uses the folder. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
}

/** Folders of a run; all are below one that git ignores. */
export interface RunFolder {
  /** The local broker's. */
  readonly kafkaDirectory: string;
  /** STATE_DIR of the services on the local broker. */
  readonly stateDirectory: string;
  /** STATE_DIR on the user's own cluster: a state belongs to the topics of its cluster, and services refuse it on another. */
  stateDirectoryOn(brokers: string): string;
  readonly logDirectory: string;
  /** Frees the folder for the next run. */
  close(): Promise<void>;
}

/**
 * Opens the folder for one run. The lock is LevelDB's: the system frees it when the process dies, however it dies.
 * @throws {FolderInUseError} another run uses it
 */
export async function openRunFolder(directory: string): Promise<RunFolder> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const holderFile = join(directory, "run.pid");
  let release: () => Promise<void>;
  try {
    release = await lockFolder(join(directory, "run-lock"));
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error;
    const holder = existsSync(holderFile) ? `process ${readFileSync(holderFile, "utf8")}` : "another process";
    throw new FolderInUseError(
      `a race runs in this folder already (${holder}): stop that one first, with Ctrl-C there`,
    );
  }
  writeFileSync(holderFile, String(process.pid));
  const folder = {
    kafkaDirectory: join(directory, "kafka", "broker"),
    stateDirectory: join(directory, "state"),
    stateDirectoryOn: (brokers: string) => join(directory, `state-${brokers.replaceAll(/[^A-Za-z0-9.-]/g, "_")}`),
    logDirectory: join(directory, "log"),
  };
  mkdirSync(folder.logDirectory, { recursive: true });
  return { ...folder, close: release };
}

/** Deletes the services' state and the basis of the last race; the broker deletes its own data. */
export function forgetRace({ stateDirectory, kafkaDirectory }: RunFolder): void {
  rmSync(stateDirectory, { recursive: true, force: true });
  rmSync(basisFile(kafkaDirectory), { force: true });
}

/** The basis of the race whose records are in the local broker; undefined where there is none. */
export function readBasis({ kafkaDirectory }: RunFolder): RaceBasis | undefined {
  const path = basisFile(kafkaDirectory);
  if (!existsSync(path)) return undefined;
  return raceBasisSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Writes the basis beside the broker's data, so that both are deleted together. */
export function writeBasis({ kafkaDirectory }: RunFolder, basis: RaceBasis): void {
  writeFileSync(basisFile(kafkaDirectory), JSON.stringify(basis));
}

function basisFile(kafkaDirectory: string): string {
  return join(kafkaDirectory, "race.json");
}
