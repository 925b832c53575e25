/** Where batches of records are fetched to: two rooms in turn, so that one batch is processed while the next one comes. */
import { type BatchRoom, newRoom, ROW } from "../../kafka/record-batch.js";
import { codecBytes, regions } from "../../numbers/memory.js";
import { BATCH_RECORDS_MAX } from "./batch-pace.js";

/** Whether a membership has the regions of inputs: there are two of them in a process, not more. */
let areLent = false;

export class InputRooms {
  /** Whether these are the regions, where numbers are read without being copied before. */
  readonly #areRegions: boolean;
  readonly #rooms: readonly BatchRoom[];
  #next = 0;

  constructor() {
    this.#areRegions = !areLent;
    areLent = true;
    this.#rooms = regions.inputs.map(({ at, length }) =>
      this.#areRegions
        ? { bytes: codecBytes.subarray(at, at + length), rows: new Float64Array(ROW * BATCH_RECORDS_MAX) }
        : newRoom(BATCH_RECORDS_MAX, length),
    );
  }

  /** The room that was lent the longer time ago. */
  next(): BatchRoom {
    this.#next = 1 - this.#next;
    return this.#rooms[this.#next];
  }

  /** Nothing is fetched to these rooms any more. */
  release(): void {
    if (this.#areRegions) areLent = false;
  }
}
