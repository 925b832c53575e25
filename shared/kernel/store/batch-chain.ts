/**
 * Proof that no batch of a LevelDB folder is missing in the middle.
 *
 * LevelDB applies its log when it opens. Where a part of the log fails its checksum, LevelDB drops that part without a word, and
 * applies what comes after. A batch lost at the end shows: the folder's positions are older ones. One lost before that does not
 * show: a later batch carries newer positions, and the lost values are older than those positions say.
 * So each batch adds a numbered link, and says which links must be there. A link is kept for as long as its batch may lie in the
 * log and not yet in a table; tables are whole or cannot be opened.
 */

import { WRITE_BUFFER_MAX } from "../../memory-budget.js";

/**
 * LevelDB's log holds at most what its two write buffers hold, before a table takes it over. A buffer takes batches until it is
 * full, and the last of them as a whole, however large: so no batch counts for more than a buffer, and a buffer holds less than two.
 */
const KEPT_BYTES = 4.5 * WRITE_BUFFER_MAX;

const CHAIN_KEY = "chain";
const LINK_PREFIX = "link/";
const LINK_DIGITS = 15;

/** What of a batch and of a database the chain needs. */
interface ChainBatch {
  put(key: string, value: Buffer): unknown;
  del(key: string): unknown;
}
interface ChainDatabase {
  getSync(key: string): Buffer | undefined;
  iterator(range: { readonly gte: string; readonly lt: string }): AsyncIterable<[string, Buffer]>;
}

/** A batch of the chain: its number, and the bytes of all batches up to its end as they count. */
interface Link {
  readonly number: number;
  readonly end: number;
}

/** The numbered links of one folder. */
export class BatchChain {
  readonly #links: Link[] = [];
  #last = 0;
  #bytes = 0;

  /** @returns the chain of a folder, and why it is broken; undefined where it is whole */
  static async read(db: ChainDatabase): Promise<{ chain: BatchChain; fault: string | undefined }> {
    const chain = new BatchChain();
    const range = db.getSync(CHAIN_KEY)?.toString("latin1");
    if (range === undefined) return { chain, fault: undefined };
    const [first, last] = range.split("-").map(Number);
    let next = first;
    for await (const [key, value] of db.iterator({ gte: linkKey(first), lt: `${LINK_PREFIX}~` })) {
      const number = Number(key.slice(LINK_PREFIX.length));
      if (number !== next) break;
      chain.#append(number, Number(value.toString("latin1")));
      next++;
    }
    const fault = next === last + 1 ? undefined : `batch ${next} of ${first} to ${last} is missing`;
    return { chain, fault };
  }

  /**
   * Adds the next link to a batch.
   * @param bytes size of the batch, roughly
   */
  extend(batch: ChainBatch, bytes: number): void {
    const number = this.#last + 1;
    this.#append(number, bytes);
    batch.put(linkKey(number), Buffer.from(String(bytes), "latin1"));
    let first = this.#links[0];
    while (first.end < this.#bytes - KEPT_BYTES) {
      batch.del(linkKey(first.number));
      this.#links.shift();
      first = this.#links[0];
    }
    batch.put(CHAIN_KEY, Buffer.from(`${first.number}-${number}`, "latin1"));
  }

  #append(number: number, bytes: number): void {
    this.#bytes += Math.min(bytes, WRITE_BUFFER_MAX);
    this.#links.push({ number, end: this.#bytes });
    this.#last = number;
  }
}

const linkKey = (number: number): string => LINK_PREFIX + String(number).padStart(LINK_DIGITS, "0");
