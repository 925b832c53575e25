/** `npm run build:wasm`: compiles the tree models' WebAssembly module and writes it where the models find it. */
import { writeFileSync } from "node:fs";
import { compileKernel, KERNEL_FILE, kernelFile } from "./wasm-compiler.js";

writeFileSync(KERNEL_FILE, kernelFile(compileKernel()));
