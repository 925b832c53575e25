/**
 * Layouts: how a result becomes bytes, compiled once. A layout names the parts of a record's value in their order; what changes from
 * record to record is numbers, and bytes that the caller gives, such as the head of the observation.
 */
import type { Given, Layout } from "../result-layout.js";
import { codec } from "./codec.js";
import { STEP } from "./layout-steps.js";
import { codecBytes, numbers, type Region, regions, SLACK_BYTES } from "./memory.js";

/** Longest text of a double, and a comma. */
const NUMBER_BYTES_MAX = 26;

/**
 * A part of a value: a text, as it is; `given`, bytes of the caller's; `number`, the next number; `list`, the next numbers, as many
 * as the caller says, with commas between them; or one of several texts, which the next number chooses, from 0 on.
 */
export type Part = { readonly text: string } | "given" | "number" | "list" | { readonly choices: readonly string[] };

/** A text of a layout. */
export const text = (literal: string): Part => ({ text: literal });

const compiled = new Map<string, Layout>();
const kept = new Map<string, Region>();
let next = regions.layouts.at;

/**
 * Compiles a layout; the same parts give the same one.
 * @returns undefined where the memory has no room for more layouts: such results are to be encoded the plain way
 */
export function layout(parts: readonly Part[]): Layout | undefined {
  const name = JSON.stringify(parts);
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const made = compile(parts);
  if (made !== undefined) compiled.set(name, made);
  return made;
}

function compile(parts: readonly Part[]): Layout | undefined {
  const steps: number[] = [];
  const begin = next;
  let bytes = 0;
  let lists = 0;
  let single = 0;
  for (const part of parts) {
    if (part === "given") steps.push(STEP.given);
    else if (part === "number") {
      steps.push(STEP.number);
      single++;
    } else if (part === "list") {
      steps.push(STEP.list);
      lists++;
    } else if ("text" in part) {
      const piece = put(Buffer.from(part.text));
      steps.push(STEP.literal, ...piece);
      bytes += piece[1];
    } else {
      const pieces = part.choices.map((choice) => put(Buffer.from(choice)));
      steps.push(STEP.choice, put(bytesOf(pieces.flat()))[0]);
      bytes += Math.max(...pieces.map(([, length]) => length));
    }
  }
  const [at] = put(bytesOf([...steps, STEP.end]));
  if (next <= regions.layouts.at + regions.layouts.length) return { steps: at, bytes, numbers: single, lists };
  next = begin;
  return undefined;
}

/** Puts bytes at the next place that is straight for words; past the region's end nothing is written. */
function put(bytes: Buffer): readonly [at: number, length: number] {
  const at = next;
  next = Math.ceil((at + bytes.length) / 4) * 4;
  if (next <= regions.layouts.at + regions.layouts.length) codecBytes.set(bytes, at);
  return [at, bytes.length];
}

function bytesOf(list: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(list).buffer);
}

/** Keeps a text in the memory, for good. @returns where its bytes lie; undefined where there is no room */
export function keptText(literal: string): Region | undefined {
  const known = kept.get(literal);
  if (known !== undefined) return known;
  const before = next;
  const [at, length] = put(Buffer.from(literal));
  if (next > regions.layouts.at + regions.layouts.length) {
    next = before;
    return undefined;
  }
  const place = { at, length };
  kept.set(literal, place);
  return place;
}

/** Most bytes that a result takes with its key, and what writing it may touch. */
export function resultBytesMax({ bytes, numbers: single, lists }: Layout, given: Given): number {
  const values = single + lists * given.listLength;
  return bytes + given.length + given.keyLength + NUMBER_BYTES_MAX * values + SLACK_BYTES;
}

/**
 * Lays out a result at `out`: its key, and right after it its value.
 * @param out with room for {@link resultBytesMax}
 * @returns the place after it
 * @throws {RangeError} a number is not finite: JSON has no such number, and none may leave a service
 */
export function render({ steps }: Layout, given: Given, out: number): number {
  const { from, listLength, at, length, keyAt, keyLength } = given;
  const end = codec.render(steps, from, listLength, at, length, keyAt, keyLength, out);
  if (end !== 0) return end;
  const bad = numbers.subarray(from).find((value) => !Number.isFinite(value));
  throw new RangeError(`expected a finite number, got ${bad}`);
}
