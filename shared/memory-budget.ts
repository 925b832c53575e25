/**
 * Which part of a process's memory goes where. Every bound follows the limit of the container, or the machine's memory where
 * there is none; what is larger than its whole bound still passes, one at a time.
 *
 * The shares leave half of the memory to the program itself, to Node's heap of short-lived objects, and to copies: what a
 * transaction has changed exists as live objects, and as bytes on their way to Kafka.
 */
import { totalmem } from "node:os";

const KIB = 1024;
export const MIB = 1024 * KIB;

/** Bounds in bytes, each of the whole process unless it says otherwise. */
export interface MemoryBudget {
  /** Decoded values in the caches of all stores of all tasks. */
  readonly stateCache: number;
  /** In their place where the values are packed: these are counted to the byte, and leave little on the heap. */
  readonly packedState: number;
  /** Values that a transaction has changed, of all stores of all tasks: it is committed early where they come to this. */
  readonly transactionState: number;
  /**
   * Copies of values that are committed and not in LevelDB, of all stores of all tasks: from there on they are written, twice as
   * many wait. Packed values need no copy.
   */
  readonly unsavedState: number;
  /** Records on their way to the broker, in a producer's queue. */
  readonly producerQueue: number;
  /** Records that the service's consumer has fetched ahead. */
  readonly consumerQueue: number;
  /** Records of a batch that is processed, or applied by a standby; one more batch waits. */
  readonly batch: number;
  /** Results that are laid out and not yet handed over to the producer; half of it while a commit is under way. */
  readonly results: number;
  /** State keys of the series that were seen lately, as bytes; as text they take about as much again. */
  readonly seriesKeys: number;
  /** Records that the consumer of all restores has fetched ahead. */
  readonly restoreQueue: number;
  /** Records of a batch of restores; one more batch waits. */
  readonly restoreBatch: number;
  /** LevelDB's block caches and write buffers, of all folders. */
  readonly levelDb: number;
  /** Scratch memory that models keep between two records, of all worker threads. */
  readonly modelScratch: number;
  /** Live races that metrics show. */
  readonly shownSeries: number;
}

/** @param limitBytes memory that the process may use */
export function memoryBudget(limitBytes: number = memoryLimitBytes()): MemoryBudget {
  const share = (parts: number, most: number) => Math.max(MIB, Math.min(most, Math.floor(limitBytes / parts)));
  return {
    stateCache: share(8, 256 * MIB),
    packedState: share(5, 512 * MIB),
    transactionState: share(32, 64 * MIB),
    unsavedState: share(32, 64 * MIB),
    producerQueue: share(16, 64 * MIB),
    consumerQueue: share(32, 16 * MIB),
    batch: share(64, 16 * MIB),
    results: share(32, 32 * MIB),
    seriesKeys: share(64, 32 * MIB),
    restoreQueue: share(64, 16 * MIB),
    restoreBatch: share(128, 4 * MIB),
    levelDb: share(8, 256 * MIB),
    modelScratch: share(16, 256 * MIB),
    shownSeries: share(64, 32 * MIB),
  };
}

/** The memory that this process may use, in bytes: the limit of its container, or what the machine has. */
export function memoryLimitBytes(): number {
  const machine = totalmem();
  const limit = process.constrainedMemory();
  return limit !== undefined && limit > 0 ? Math.min(limit, machine) : machine;
}

/** LevelDB's own defaults, beyond which a folder gains little. */
const BLOCK_CACHE_MAX = 8 * MIB;
/** See batch-chain.ts, which rests on it. */
export const WRITE_BUFFER_MAX = 4 * MIB;
const FOLDER_PART_MIN = 256 * KIB;

/** LevelDB's memory in one folder, in bytes. */
export interface FolderMemory {
  readonly blockCache: number;
  /** Of one write buffer; a second one may be on its way to disk. */
  readonly writeBuffer: number;
}

/** @param folders that may be open at once */
export function folderMemory({ levelDb }: MemoryBudget, folders: number): FolderMemory {
  const part = (share: number, most: number) =>
    Math.max(FOLDER_PART_MIN, Math.min(most, Math.floor((levelDb * share) / folders)));
  return { blockCache: part(1 / 2, BLOCK_CACHE_MAX), writeBuffer: part(1 / 4, WRITE_BUFFER_MAX) };
}
