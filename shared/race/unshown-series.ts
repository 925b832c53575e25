/** Series that race and are not shown as metrics: only how many there are is told. */

/** Names are remembered to be counted once, of up to so many characters: some ten thousand series. */
const CHARACTERS_MAX = 2 ** 18;

export class UnshownSeries {
  /** Partitions, by state key. */
  readonly #partitions = new Map<string, number>();
  #characters = 0;

  /** Counts a series, while there is room for its name. Cheap: called at every record. */
  met(key: string, partition: number): void {
    if (this.#characters >= CHARACTERS_MAX || this.#partitions.has(key)) return;
    this.#partitions.set(key, partition);
    this.#characters += key.length;
  }

  /** It is shown from now on. */
  shown(key: string): void {
    if (this.#partitions.delete(key)) this.#characters -= key.length;
  }

  /** Forgets the series of a partition. */
  forget(partition: number): void {
    for (const [key, of] of this.#partitions) if (of === partition) this.shown(key);
  }

  /** Their state keys. */
  keys(): Iterable<string> {
    return this.#partitions.keys();
  }
}
