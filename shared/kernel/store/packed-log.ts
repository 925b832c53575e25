/**
 * What a packed store writes to its changelog for a change: the whole value, or, where the codec numbers its steps, those since the
 * last time, each under a key of its own, see {@link stepKey}.
 *
 * Compaction keeps it sound. At most `max` steps in a row follow a whole value, so they have `max` keys, and the next change is the
 * whole value again: a step that is gone was replaced by one that comes after a newer whole value.
 */
import { stepKey } from "../../contract/record-key.js";
import type { PackedCodec, PackedSteps, PackedValue } from "../../service-definition.js";
import type { StoreWrite } from "./leveldb-store.js";
import type { PackedEntry } from "./packed-entry.js";
import { HEAD_BYTES } from "./packed-memory.js";
import {
  formatOf,
  isIntact,
  kindOf,
  refuseUnknownFormat,
  STEP,
  sealPacked,
  ValueDamagedError,
} from "./stored-value.js";

/** A value of more new steps than that is logged whole: that is shorter for the readers, and one record. */
const NEW_STEPS_MAX = 4;

/**
 * The changelog records of one changed key.
 * @param wholeOf gives the value as it is stored, undefined where the key was deleted; asked only where it is logged
 */
export function logOf(
  store: string,
  codec: PackedCodec,
  entry: PackedEntry,
  wholeOf: (entry: PackedEntry) => Buffer | undefined,
): StoreWrite[] {
  const { key } = entry;
  const { steps } = codec;
  if (steps === undefined) return [{ store, key, value: wholeOf(entry) }];
  if (entry.isAbsent) return deletionOf(store, key, steps);
  const count = steps.count(entry);
  const first = entry.loggedAt;
  const news = count - first;
  entry.loggedAt = count;
  if (news > 0 && news <= NEW_STEPS_MAX && count - entry.wholeAt <= steps.max) {
    return Array.from({ length: news }, (_, k) => {
      const value = stepOf(codec.format, steps, entry, first + k);
      return { store, key: stepKey(key, (first + k) % steps.max), value };
    });
  }
  entry.wholeAt = count;
  return [{ store, key, value: wholeOf(entry) }];
}

/**
 * Reads a step of a changelog.
 * @returns what does it again on the value that has been restored so far, see {@link PackedSteps.apply}
 * @throws {ValueDamagedError} the bytes are not what was written
 * @throws {StoreError} they are of a format whose steps the codec does not read: a step is arithmetic of its own
 */
export function loggedStep({ format, steps }: PackedCodec, stored: Buffer, where: string) {
  if (steps === undefined || stored.length < HEAD_BYTES || !isIntact(stored) || kindOf(stored) !== STEP)
    throw new ValueDamagedError("expected a step of a value");
  const { apply, older = {} } = steps;
  refuseUnknownFormat({ format, older }, formatOf(stored), where);
  const again = older[formatOf(stored)] ?? apply;
  return (value: PackedValue): boolean => again(value, stored.subarray(HEAD_BYTES));
}

/** Steps without a value would wait for one. */
function deletionOf(store: string, key: string, { max }: PackedSteps): StoreWrite[] {
  const keys = [key, ...Array.from({ length: max }, (_, k) => stepKey(key, k))];
  return keys.map((one) => ({ store, key: one, value: undefined }));
}

function stepOf(format: number, steps: PackedSteps, entry: PackedEntry, step: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + steps.bytes(entry));
  const length = HEAD_BYTES + steps.write(entry, step, bytes, HEAD_BYTES);
  const value = length === bytes.length ? bytes : bytes.subarray(0, length);
  sealPacked(value, format, STEP);
  return value;
}
