/**
 * The last rows `[y, x1, ..., xn]` of a series in a store of their own, one key per slot of a ring: a record changes one slot,
 * so the changelog takes one row per record whatever the length of the ring. The place in the ring is part of the series'
 * main value, a {@link RowRing}; both are committed together.
 */
import { z } from "zod";
import type { Codec, StateStore } from "../service-definition.js";
import { arrayBytes, StateReader, StateWriter } from "./state-bytes.js";

/** Longest ring, in rows: it bounds the disk space and memory of a series, and the work when the length changes. */
export const RING_LENGTH_MAX = 10_000;

/** Length of a ring, and the place of its newest row. */
export interface RowRing {
  /** Slots, 1 to {@link RING_LENGTH_MAX}. */
  length: number;
  /** Rows put since the ring was made, or since its length last changed. Row k, from 0, is in slot k mod length. */
  count: number;
}

/** Format 1: the row's numbers one after another, as doubles, little endian. */
export const rowCodec: Codec<Float64Array> = {
  format: 1,
  slotted: true,
  encode(row) {
    const bytes = Buffer.allocUnsafe(8 * row.length);
    const writer = new StateWriter(bytes);
    writer.doubles(row);
    writer.end();
    return bytes;
  },
  bytes: (row) => arrayBytes(row.length),
  decode(bytes) {
    const reader = new StateReader(bytes);
    const row = reader.doubles(Math.floor(bytes.length / 8));
    reader.end();
    return row;
  },
  toJson: (row) => Array.from(row),
};

/** An empty ring. */
export function newRing(length: number): RowRing {
  return { length, count: 0 };
}

/** Rows that the ring holds. */
export function rowsHeld({ length, count }: RowRing): number {
  return Math.min(length, count);
}

/** Slot of the newest row; undefined where there is none. */
export function newestSlot({ length, count }: RowRing): number | undefined {
  return count === 0 ? undefined : (count - 1) % length;
}

/** A ring as codecs show it to people: the shape [rows, columns] of what it holds, and which slot is the newest. */
export function shownRing(ring: RowRing, columns: number) {
  return { shape: [rowsHeld(ring), columns], slots: ring.length, newestSlot: newestSlot(ring) ?? null };
}

const shownRingSchema = z.object({
  shape: z.tuple([z.number(), z.number()]),
  slots: z.number(),
  newestSlot: z.number().nullable(),
});

/**
 * The slots of a ring, the newest row's first.
 * @param shown what a codec shows, with the {@link shownRing} as its member `ring`; none where it has no such member
 */
export function newestSlots(shown: unknown, ring: string): number[] {
  const found = z.object({ [ring]: shownRingSchema }).safeParse(shown).data?.[ring];
  if (found === undefined || found.newestSlot === null) return [];
  const { slots, newestSlot, shape } = found;
  return Array.from({ length: shape[0] }, (_, age) => (newestSlot - age + slots) % slots);
}

/** Key of a slot. A slot is a number, so the last slash separates it from the series. @param key state key of the series */
export function slotKey(key: string, slot: number): string {
  return `${key}/${slot}`;
}

/** Puts a row in the place of the oldest. The store keeps `row` itself: it must not be changed afterwards. */
export function putRow(store: StateStore<Float64Array>, key: string, ring: RowRing, row: Float64Array): void {
  store.put(slotKey(key, ring.count % ring.length), row);
  ring.count++;
}

/**
 * The rows, the oldest first.
 * @throws {Error} a slot is empty: the store and the ring are not of one commit
 */
export function readRows(store: StateStore<Float64Array>, key: string, ring: RowRing): Float64Array[] {
  const held = rowsHeld(ring);
  return Array.from({ length: held }, (_, place) => {
    const at = slotKey(key, (ring.count - held + place) % ring.length);
    const row = store.get(at);
    if (row === undefined) throw new Error(`expected a row in ${at} after ${ring.count} rows, got none`);
    return row;
  });
}

/** Gives the ring another length and keeps as many of the newest rows as fit. Nothing changes where it has that length. */
export function resizeRing(store: StateStore<Float64Array>, key: string, ring: RowRing, length: number): void {
  if (ring.length === length) return;
  const held = rowsHeld(ring);
  const rows = readRows(store, key, ring).slice(-length);
  for (let slot = rows.length; slot < held; slot++) store.delete(slotKey(key, slot));
  ring.length = length;
  ring.count = 0;
  for (const row of rows) putRow(store, key, ring, row);
}
