/** Results of the record that is being processed: checked, then written into the open transaction. */
import { keyBytes } from "../../contract/record-key.js";
import { RESULT_BYTES_MAX } from "../../contract/topics.js";
import { RecordError } from "../../errors.js";
import { NO_HEADERS, type Travelling } from "../../kafka/record-headers.js";
import { refusedRecord } from "../../kafka/refusal.js";
import { render, resultBytesMax } from "../../numbers/layout.js";
import type { Given, Layout } from "../../result-layout.js";
import type { OutputTopic, RecordHeaders } from "../../service-definition.js";
import type { ValueEncoder } from "../../value-encoder.js";
import type { Output } from "./output.js";
import type { WrittenRecords } from "./written-records.js";

export class Results {
  readonly #output: Output;
  readonly #written: WrittenRecords;
  /** By topic, of those whose values are not what services make. */
  readonly #encoders: ReadonlyMap<string, ValueEncoder>;
  #timestamp: number | undefined;
  #headers: Travelling = NO_HEADERS;
  #count = 0;
  /** Of the result written last. */
  #key = "";
  #keyBytes: Buffer = Buffer.alloc(0);

  constructor(output: Output, written: WrittenRecords, encoders: ReadonlyMap<string, ValueEncoder>) {
    this.#output = output;
    this.#written = written;
    this.#encoders = encoders;
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
  write(topic: OutputTopic<never>, key: string, made: Buffer): void {
    const bytes = this.#bytesOf(key);
    const value = this.#encoders.get(topic.name)?.(made) ?? made;
    this.#check(topic.name, bytes.length + value.length);
    this.#output.write(topic.name, undefined, bytes, value, this.#timestamp, this.#headersFor(topic));
  }

  /**
   * Lays a result out and writes it.
   * @returns false where it may need more room than there is, or its topic has values of another form: nothing has happened then
   * @throws {RecordError} the topic would refuse it
   * @throws {RangeError} a number is not finite
   */
  lay(topic: OutputTopic<never>, layout: Layout, given: Given): boolean {
    if (this.#encoders.has(topic.name)) return false;
    const at = this.#output.room(resultBytesMax(layout, given));
    if (at === 0) return false;
    const end = render(layout, given, at);
    const { keyLength } = given;
    this.#check(topic.name, end - at);
    const headers = this.#headersFor(topic);
    this.#output.take(topic.name, at, keyLength, end - at - keyLength, this.#timestamp, headers);
    return true;
  }

  #headersFor({ record }: OutputTopic<never>): RecordHeaders | undefined {
    return record === undefined ? this.#headers.headers : this.#headers.described;
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
