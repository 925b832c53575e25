/** Results of the record that is being processed: checked, then written into the open transaction. */
import { keyBytes } from "../../contract/record-key.js";
import { RESULT_BYTES_MAX } from "../../contract/topics.js";
import { RecordError } from "../../errors.js";
import { NO_HEADERS, type Travelling } from "../../kafka/record-headers.js";
import { refusedRecord } from "../../kafka/refusal.js";
import { render, resultBytesMax } from "../../numbers/layout.js";
import type { Given, Layout } from "../../result-layout.js";
import type { Output } from "./output.js";
import type { WrittenRecords } from "./written-records.js";

export class Results {
  readonly #output: Output;
  readonly #written: WrittenRecords;
  #timestamp: number | undefined;
  #headers: Travelling = NO_HEADERS;
  #count = 0;
  /** Of the result written last. */
  #key = "";
  #keyBytes: Buffer = Buffer.alloc(0);

  constructor(output: Output, written: WrittenRecords) {
    this.#output = output;
    this.#written = written;
  }

  /** Results so far. */
  get count(): number {
    return this.#count;
  }

  /** Of the record at hand. */
  get timestamp(): number | undefined {
    return this.#timestamp;
  }

  /** Of the record at hand, those that its results get. */
  get headers(): Travelling {
    return this.#headers;
  }

  /** What the next results get from their record. */
  follow(timestamp: number | undefined, headers: Travelling): void {
    this.#timestamp = timestamp;
    this.#headers = headers;
  }

  /** @throws {RecordError} the topic would refuse it */
  write(topic: string, key: string, value: Buffer): void {
    this.#write(topic, this.#bytesOf(key), value);
  }

  /**
   * Lays a result out and writes it.
   * @returns false where it may need more room than there is: nothing has happened then
   * @throws {RecordError} the topic would refuse it
   * @throws {RangeError} a number is not finite
   */
  lay(topic: string, layout: Layout, given: Given): boolean {
    const at = this.#output.room(resultBytesMax(layout, given));
    if (at === 0) return false;
    const end = render(layout, given, at);
    const { keyLength } = given;
    this.#check(topic, end - at);
    this.#output.take(topic, at, keyLength, end - at - keyLength, this.#timestamp, this.#headers.headers);
    return true;
  }

  #write(topic: string, key: Buffer, value: Buffer): void {
    this.#check(topic, key.length + value.length);
    this.#output.write(topic, undefined, key, value, this.#timestamp, this.#headers.headers);
  }

  /** Counts a result of so many bytes that may be written. @throws {RecordError} the topic would refuse it */
  #check(topic: string, length: number): void {
    const bytes = length + this.#headers.bytes;
    const fault = this.#faultOf(topic, bytes);
    if (fault !== undefined) throw fault;
    this.#count++;
    this.#written.add(topic, bytes, this.#timestamp);
  }

  /** Why a result would be refused, so that it is not written; undefined where it would not. */
  #faultOf(topic: string, bytes: number): RecordError | undefined {
    const refusal = this.#written.limits.refusal(topic, bytes, this.#timestamp);
    if (refusal !== undefined) return refusedRecord(refusal);
    if (bytes <= RESULT_BYTES_MAX) return undefined;
    return new RecordError(
      "result-too-large",
      `expected a result of at most ${RESULT_BYTES_MAX} bytes for ${topic}, its key and headers included, got ${bytes}`,
    );
  }

  /** The results of a record have the same key, most of them. */
  #bytesOf(key: string): Buffer {
    if (key !== this.#key) {
      this.#keyBytes = keyBytes(key);
      this.#key = key;
    }
    return this.#keyBytes;
  }
}
