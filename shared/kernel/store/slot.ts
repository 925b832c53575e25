/** An instance's slot: the lowest number whose lock is free. It names the transactional id, so ids do not pile up. */
import { join } from "node:path";
import { FolderDamagedError, FolderLockedError, lockFolder } from "../../folder-lock.js";
import { STATE_SETTING } from "./leveldb-store.js";

const SLOTS_MAX = 1000;

/** A slot that this process holds. */
export interface Slot {
  readonly number: number;
  release(): Promise<void>;
}

/**
 * Takes the lowest free slot of `directory`. The lock is LevelDB's own: the system frees it when the process dies. A slot holds
 * nothing, so one whose folder is damaged is skipped.
 * @throws {Error} all slots are taken
 */
export async function takeSlot(directory: string): Promise<Slot> {
  for (let number = 0; number < SLOTS_MAX; number++) {
    try {
      return {
        number,
        release: await lockFolder(join(directory, "slots", String(number)), { setting: STATE_SETTING }),
      };
    } catch (error) {
      if (!(error instanceof FolderLockedError) && !(error instanceof FolderDamagedError)) throw error;
    }
  }
  throw new Error(`all ${SLOTS_MAX} slots of ${directory} are taken`);
}
