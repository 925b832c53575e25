/** The codec of a process. */
import { codecMemory, KEY_BYTES, numbers, regions, type WebAssemblyInterface } from "./memory.js";
import type { NumberCodec } from "./number-codec.js";
import { plainCodec } from "./plain-codec.js";
import { powersOfTen } from "./powers.js";
import { NUMBERS_WASM_BASE64 } from "./wasm-binary.js";

/** What the module exports; places of its data come as globals. */
interface ModuleExports {
  readonly powers: { readonly value: number };
  readonly found: { readonly value: number };
  readonly keyFound: { readonly value: number };
  layOutKeys(at: number, length: number, keys: number, random: bigint): void;
  readonly forgetKeys: NumberCodec["forgetKeys"];
  readonly keyNumber: NumberCodec["keyNumber"];
  isPlain(at: number, end: number): number;
  readObservation(at: number, end: number, values: number, countMax: number): number;
  readNumbers(at: number, end: number, values: number, countMax: number): number;
  /** As of the codec, with the place of the first number for its index. */
  readonly render: NumberCodec["render"];
}

declare const WebAssembly: WebAssemblyInterface;

/** @param binary the module */
function wasmCodec(binary: Uint8Array): NumberCodec {
  const module = new WebAssembly.Module(binary);
  const exports = new WebAssembly.Instance(module, { env: { memory: codecMemory } }).exports as ModuleExports;
  const { buffer } = codecMemory;
  const powers = powersOfTen();
  new BigUint64Array(buffer, exports.powers.value, powers.length).set(powers);
  const { at, length } = regions.keys;
  exports.layOutKeys(at, length, 2 ** Math.floor(Math.log2(length / KEY_BYTES)), BigInt(Date.now()));
  const values = regions.numbers.at;
  const keyTexts: string[] = [];
  return {
    names: new Uint32Array(buffer, exports.found.value, 4),
    key: new Uint32Array(buffer, exports.keyFound.value, 2),
    readObservation: (at, end) => exports.readObservation(at, end, values, numbers.length),
    readNumbers: (at, end, countMax) => exports.readNumbers(at, end, values, Math.min(countMax, numbers.length)),
    isPlain: (at, end) => exports.isPlain(at, end) === 1,
    keyNumber: exports.keyNumber,
    keyTexts,
    forgetKeys() {
      exports.forgetKeys();
      keyTexts.length = 0;
    },
    render: (steps, from, listLength, givenAt, givenLength, keyAt, keyLength, out) =>
      exports.render(steps, values + 8 * from, listLength, givenAt, givenLength, keyAt, keyLength, out),
  };
}

const binary = Buffer.from(NUMBERS_WASM_BASE64, "base64");

/** The process's codec: the module, or the plain one on a machine without vector instructions. */
export const codec: NumberCodec = WebAssembly.validate(binary) ? wasmCodec(binary) : plainCodec();
