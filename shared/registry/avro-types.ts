/** Avro types, whose integers are exact; lists of others' values are no longer than their bytes. */
import avro from "avsc";
import { exactLong } from "./exact-long.js";

/** What reads bytes in the package, as far as it is used here. */
interface Tap {
  readLong(): number;
  skipLong(): void;
  readString(): string;
}
interface Reading {
  _read(tap: Tap): unknown;
}

/** Items that the value may still have which {@link avroValue} reads; any number where somebody else does. */
let itemsLeft = Number.POSITIVE_INFINITY;

/**
 * Items of the next block of a list or map; 0 ends it. The package's own loops go by this number alone, so that a few bytes could ask
 * for 2^53 items.
 */
function blockSize(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  itemsLeft -= count;
  if (!(itemsLeft >= 0)) throw new RangeError("expected no more items than bytes");
  return count;
}

// The package has no place to put readers of lists in.
const { ArrayType, MapType } = avro.types as unknown as Record<"ArrayType" | "MapType", { prototype: Reading }>;

ArrayType.prototype._read = function (this: { readonly itemsType: Reading }, tap) {
  const items: unknown[] = [];
  for (let count = blockSize(tap); count > 0; count = blockSize(tap))
    for (let k = 0; k < count; k++) items.push(this.itemsType._read(tap));
  return items;
};
MapType.prototype._read = function (this: { readonly valuesType: Reading }, tap) {
  const members: [string, unknown][] = [];
  for (let count = blockSize(tap); count > 0; count = blockSize(tap))
    for (let k = 0; k < count; k++) members.push([tap.readString(), this.valuesType._read(tap)]);
  return Object.fromEntries(members);
};

const REPLACEMENT = "\uFFFD";
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);

/**
 * @param registry types by their names: those of the schemas that were read with it before
 * @throws {Error} it is no schema
 */
export function avroType(schema: string, registry: Record<string, avro.Type> = {}): avro.Type {
  // With attributes or without: times are longs too.
  const typeHook = (part: unknown) => (isLong(part) ? exactLong : undefined);
  return avro.Type.forSchema(JSON.parse(schema), { registry, typeHook: typeHook as never });
}

const isLong = (part: unknown): boolean =>
  part === "long" || (typeof part === "object" && part !== null && "type" in part && part.type === "long");

/**
 * Reads a value. Lists and maps have as many items as it has bytes at most, also where an item takes none.
 * @throws {Error} the bytes are no value of the type, or a text in it is not UTF-8
 */
export function avroValue(type: avro.Type, bytes: Buffer): unknown {
  itemsLeft = bytes.length;
  try {
    return type.fromBuffer(bytes);
  } finally {
    itemsLeft = Number.POSITIVE_INFINITY;
  }
}

/** Refuses a text made of bytes that are not UTF-8, which the package replaces without a word. */
export function refuseReplaced(text: string, bytes: Buffer): void {
  if (text.includes(REPLACEMENT) && !bytes.includes(REPLACEMENT_BYTES)) throw new RangeError("expected texts in UTF-8");
}
