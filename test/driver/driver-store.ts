/** The stores that the topology driver gives its service: live values, encoded ones and packed ones. */
import { refuseIllFormed } from "../../shared/contract/record-key.js";
import type {
  AnyCodec,
  Codec,
  PackedCodec,
  PackedStateStore,
  PackedValue,
  StateStore,
} from "../../shared/service-definition.js";

/** A store, and what a test asks of it. */
export interface DriverStore {
  /** What the service is given; it tells of each change. */
  readonly access: (changed: () => void) => StateStore<object> | PackedStateStore;
  keys(): Iterable<string>;
  /** The value as LevelDB and the changelog hold it but for what the kernel adds; undefined where the key has none. */
  bytes(key: string): Buffer | undefined;
  json(key: string): unknown;
  /** Takes over what {@link bytes} gave. */
  restore(key: string, bytes: Buffer): void;
}

/** @param roundTrip every value passes its codec at put and at get */
export function newDriverStore(codec: AnyCodec, roundTrip: boolean): DriverStore {
  return "packed" in codec ? packedStore(codec, roundTrip) : liveStore(codec, roundTrip);
}

/** A store for the contract that the real ones keep as well. */
export function driverStore<V extends object>(codec: Codec<V>, roundTrip: boolean): StateStore<V> {
  return liveStore(codec as unknown as Codec<object>, roundTrip).access(() => {}) as StateStore<V>;
}

function liveStore(codec: Codec<object>, roundTrip: boolean): DriverStore {
  const values = new Map<string, object>();
  const get = (key: string) => {
    refuseIllFormed(key);
    const kept = values.get(key);
    return roundTrip && kept !== undefined ? codec.decode(kept as Buffer) : kept;
  };
  const put = (key: string, value: object) => {
    refuseIllFormed(key);
    values.set(key, roundTrip ? codec.encode(value) : value);
  };
  return {
    access: (changed) => ({
      get,
      put(key, value) {
        changed();
        put(key, value);
      },
      delete(key) {
        changed();
        refuseIllFormed(key);
        values.delete(key);
      },
    }),
    keys: () => values.keys(),
    bytes(key) {
      const value = get(key);
      return value && codec.encode(value);
    },
    json(key) {
      const value = get(key);
      return value && codec.toJson(value);
    },
    restore: (key, bytes) => put(key, codec.decode(bytes)),
  };
}

function packedStore(codec: PackedCodec, roundTrip: boolean): DriverStore {
  const values = new Map<string, PackedValue>();
  const take = (key: string, body: Buffer): PackedValue => {
    const value = newValue(body.length);
    body.copy(bodyOf(value));
    values.set(key, value);
    return value;
  };
  return {
    access(changed) {
      // Within a record a value stays where it is; the next one may find it elsewhere.
      const seen = new Set<PackedValue | undefined>();
      return {
        get(key) {
          refuseIllFormed(key);
          let value = values.get(key);
          if (value !== undefined && roundTrip && !seen.has(value)) {
            codec.check(bodyOf(value));
            value = take(key, bodyOf(value));
          }
          seen.add(value);
          return value;
        },
        create(key, length) {
          refuseIllFormed(key);
          changed();
          const value = newValue(length);
          values.set(key, value);
          seen.add(value);
          return value;
        },
        touch(value) {
          if (!seen.has(value)) throw new Error("expected a value of this record, got one that it did not get");
          changed();
        },
        delete(key) {
          refuseIllFormed(key);
          changed();
          values.delete(key);
        },
      };
    },
    keys: () => values.keys(),
    bytes(key) {
      const value = values.get(key);
      return value && Buffer.from(bodyOf(value));
    },
    json(key) {
      const value = values.get(key);
      return value && codec.toJson(value);
    },
    restore(key, body) {
      codec.check(body);
      take(key, body);
    },
  };
}

/** Bytes of another value on both sides, as in the kernel's store: nobody may rely on a value's place. */
const BEFORE = 3;
const AFTER = 1;

function newValue(length: number): PackedValue {
  const doubles = new Float64Array(BEFORE + Math.ceil(length / 8) + AFTER).fill(Number.NaN);
  const value = { bytes: Buffer.from(doubles.buffer), doubles, at: BEFORE, length };
  bodyOf(value).fill(0);
  return value;
}

function bodyOf({ bytes, at, length }: PackedValue): Buffer {
  return bytes.subarray(8 * at, 8 * at + length);
}
