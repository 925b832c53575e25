/**
 * Numbers in records and results: reads them from bytes, and lays them out as bytes, in the memory of memory.ts. A reader knows the
 * usual form alone. Where it answers 0, the record is to be read the plain way, which knows every form and every error.
 */
/** See the file's head. Places are bytes from the beginning of the memory; numbers go through `numbers` of memory.ts. */
export interface NumberCodec {
  /** Of the observation read last: where its topic begins and ends, and its series. */
  readonly names: Uint32Array;
  /** Of the key asked for last: where it lies, and its length. Good until the next one is asked for. */
  readonly key: Uint32Array;
  /**
   * Reads `{"topic":"…","series":"…","i":1,"y":2,"x":[3,4]}`, as the deserializer writes it, with names of plain characters
   * and no slash in the topic: i, y and x1 to xn.
   * @returns how many numbers; 0 where it is anything else
   */
  readObservation(at: number, end: number): number;
  /**
   * Reads `[1, 2,3]`, with at most one blank after a comma.
   * @returns how many numbers; 0 where it is anything else, or has more than `countMax`
   */
  readNumbers(at: number, end: number, countMax: number): number;
  /** Whether all bytes are printable ASCII that JSON writes as it is. */
  isPlain(at: number, end: number): boolean;
  /**
   * The number of the state key `<topic>/<series>`: from 0 on, in the order in which keys came.
   * @returns -1 where there is no room for another one
   */
  keyNumber(topicAt: number, topicLength: number, seriesAt: number, seriesLength: number): number;
  /** What the caller keeps of each key, by its number; it is forgotten with the keys. */
  readonly keyTexts: string[];
  forgetKeys(): void;
  /**
   * Writes a key, and after it what the steps of a layout say.
   * @param from       index of its first number
   * @param listLength numbers of each list
   * @param out        with room for all of it, its numbers at their longest
   * @returns the place after it; 0 where a number is not finite
   */
  render(
    steps: number,
    from: number,
    listLength: number,
    givenAt: number,
    givenLength: number,
    keyAt: number,
    keyLength: number,
    out: number,
  ): number;
}
