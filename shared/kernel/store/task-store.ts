/** A store of a task as the kernel sees it, whether its values are live objects or packed bytes. */
import type { PackedStateStore, StateStore } from "../../service-definition.js";
import type { StoreWrite } from "./leveldb-store.js";

/**
 * Committed values go to the folder in passes, see task/folder-saver.ts. A pass takes what is committed and unsaved when it begins; a
 * value that is committed again before it is taken is written as it is then.
 */
export interface TaskStore {
  readonly name: string;
  /** Called with each key that is asked for and has no value, where it is set. */
  onMissing: ((key: string) => void) | undefined;
  /** Changes so far: tells whether a record has changed anything. */
  readonly writes: number;

  /**
   * A commit begins: what has changed so far is sealed, and what changes from now on is the next commit's. The last one has ended.
   * @returns what is sealed, as bytes; they may be the store's own, and stay as they are until the next record is processed
   */
  seal(): StoreWrite[];
  /** Kafka has what is sealed. */
  committed(): void;
  /** Forgets all that is not committed. */
  discard(): void;

  /** The bytes of the committed value of a key, as the changelog has them; undefined where there is none. */
  stored(key: string): Buffer | undefined;
  /** The committed value as JSON, for people; undefined where there is none. */
  inspect(key: string): unknown;
  /** Keys whose committed value is not in the folder, or on its way; false for one that was deleted. */
  unsavedKeys(): ReadonlyMap<string, boolean>;
  /** Takes over what the changelog has of a key; undefined where it was deleted. Nothing is uncommitted then. */
  applyLogged(key: string, stored: Buffer | undefined): void;

  /** The changelog was taken over to its end. @throws {StoreError} it lacks what its records build on */
  endRestore(): void;

  /** A pass begins. */
  beginPass(): void;
  /** Whether the pass has taken all that was unsaved when it began. */
  readonly passIsOver: boolean;
  /** The next writes of the pass, `bytesMax` bytes and one value more at most. They may be the store's own bytes, as with {@link seal}. */
  takeUnsaved(bytesMax: number): StoreWrite[];
  /** What was taken is in the folder. */
  landed(): void;

  /** Gives all memory back. */
  close(): void;
}

/** A store for process() and the kernel. */
export type OpenStore = TaskStore & (StateStore<object> | PackedStateStore);
