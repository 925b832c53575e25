import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { binaryFile, compileWasm, NUMBERS_MODULE, TREES_MODULE } from "../../../deploy/wasm/wasm-compiler.js";

describe("the WebAssembly modules", () => {
  for (const module of [TREES_MODULE, NUMBERS_MODULE]) {
    it(`are what their sources compile to: ${basename(module.binaryFile)}`, () => {
      assert.equal(readFileSync(module.binaryFile, "utf8"), binaryFile(module, compileWasm(module)));
    });
  }
});
