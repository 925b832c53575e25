/** `npm run build:wasm`: compiles the tree models' WebAssembly module and writes it where the models find it. */
import { writeFileSync } from "node:fs";
import { binaryFile, compileWasm, WASM_BINARY_FILE } from "./wasm-compiler.js";

writeFileSync(WASM_BINARY_FILE, binaryFile(compileWasm()));
