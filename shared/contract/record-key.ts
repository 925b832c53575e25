/** Keys: text in stores and services, bytes on Kafka. */
import { RecordError } from "../errors.js";

/**
 * Refuses text that UTF-8 cannot hold: half of a surrogate pair, as an escape in JSON may make it. Every such half becomes the
 * same replacement character, so that several names would share one key.
 * @throws {RecordError} `key-not-unicode`
 */
export function refuseIllFormed(key: string): void {
  if (!key.isWellFormed())
    throw new RecordError("key-not-unicode", "expected a name in Unicode, got half of a surrogate pair");
}

/**
 * The bytes of a key, all of them: NUL is a byte like any other.
 * @throws {RecordError} as {@link refuseIllFormed}
 */
export function keyBytes(key: string): Buffer {
  refuseIllFormed(key);
  return Buffer.from(key);
}

/** The changelog key of one of the newest steps of a state value. No state key begins with a slash: a topic has a name. */
export function stepKey(stateKey: string, number: number): string {
  return `/${number}/${stateKey}`;
}

/** The state key that a {@link stepKey} was made of; undefined for a key that is no step's. */
export function keyOfStep(key: string): string | undefined {
  return key.startsWith("/") ? key.slice(key.indexOf("/", 1) + 1) : undefined;
}
