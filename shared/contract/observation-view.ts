/**
 * The observation in a record without an object of its own: numbers where the codec leaves them, names where they lie. It takes
 * records that have exactly the form that the deserializer writes, under plain names; all others are for observation-record.ts.
 */
import { codec } from "../numbers/codec.js";
import { numbers, placesOf } from "../numbers/memory.js";
import type { Given } from "../result-layout.js";
import type { InputRecord } from "../service-definition.js";
import { seriesKey } from "./series-key.js";

/** Where numbers of the observation stand in `numbers`. */
export const NUMBER = { i: 0, y: 1, x: 2 } as const;

/** The observation that was read last, until another record is read or its batch ends. */
export class ObservationView {
  /** State key of its series, `<topic>/<series>`. */
  key = "";
  /** Features x1 to xn, which stand from NUMBER.x on. */
  features = 0;
  /** For a result that begins with the observation's head and is keyed by its series. */
  readonly given: Given = { at: 0, length: 0, keyAt: 0, keyLength: 0, from: 0, listLength: 0 };
  readonly #givenByState: Given = { at: 0, length: 0, keyAt: 0, keyLength: 0, from: 0, listLength: 0 };
  #topicLength = 0;

  /** Reads a record. @returns false where it is to be read the plain way */
  read(record: InputRecord): boolean {
    const { valueAt: at, valueLength } = placesOf(record);
    const count = at === 0 || valueLength < 0 ? 0 : codec.readObservation(at, at + valueLength);
    if (count === 0 || !Number.isSafeInteger(numbers[NUMBER.i])) return false;
    const { names } = codec;
    const topicAt = names[0];
    const seriesAt = names[2];
    const seriesEnd = names[3];
    this.#topicLength = names[1] - topicAt;
    const key = seriesKey(topicAt, this.#topicLength, seriesAt, seriesEnd - seriesAt);
    if (key === undefined) return false;
    this.key = key;
    this.features = count - NUMBER.x;
    const length = seriesEnd + 1 - at;
    place(this.given, at, length, seriesAt, seriesEnd - seriesAt);
    return true;
  }

  /** As {@link given}, keyed by the state key. */
  get givenByState(): Given {
    place(this.#givenByState, this.given.at, this.given.length, codec.key[0], codec.key[1]);
    return this.#givenByState;
  }

  get topic(): string {
    return this.key.slice(0, this.#topicLength);
  }

  get series(): string {
    return this.key.slice(this.#topicLength + 1);
  }
}

function place(given: Given, at: number, length: number, keyAt: number, keyLength: number): void {
  given.at = at;
  given.length = length;
  given.keyAt = keyAt;
  given.keyLength = keyLength;
}
