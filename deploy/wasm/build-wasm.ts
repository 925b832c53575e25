/** `npm run build:wasm`: compiles the WebAssembly modules and writes them where the code finds them. */
import { writeFileSync } from "node:fs";
import { binaryFile, compileWasm, NUMBERS_MODULE, TREES_MODULE } from "./wasm-compiler.js";

for (const module of [TREES_MODULE, NUMBERS_MODULE])
  writeFileSync(module.binaryFile, binaryFile(module, compileWasm(module)));
