/** Compiles the tree models' WebAssembly module from its AssemblyScript source. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const SOURCE = join(ROOT, "services/ml-racer/models/wasm/module.ts");
const COMPILER = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
const OUTPUT_FOLDER = join(ROOT, ".local");

/** Optimised for speed, with SIMD, without garbage collector or imports. */
const OPTIONS = ["-O3", "--converge", "--runtime", "stub", "--use", "abort=", "--enable", "simd", "--noAssert"];

/** Where the binary is kept, as text in a source file, so that a build needs no compiler and a model file no I/O. */
export const KERNEL_FILE = join(ROOT, "services/ml-racer/models/wasm-trees-binary.ts");

/**
 * The binary that the source stands for; the same source gives the same bytes.
 * @throws {Error} the source does not compile; the message is the compiler's
 */
export function compileKernel(): Uint8Array {
  mkdirSync(OUTPUT_FOLDER, { recursive: true });
  const output = join(OUTPUT_FOLDER, "tree-kernel.wasm");
  const { status, stderr } = spawnSync(process.execPath, [COMPILER, SOURCE, "--outFile", output, ...OPTIONS], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the kernel does not compile: ${stderr}`);
  return readFileSync(output);
}

/** The source file that holds a binary. */
export function kernelFile(binary: Uint8Array): string {
  const lines =
    Buffer.from(binary)
      .toString("base64")
      .match(/.{1,110}/g) ?? [];
  return (
    "/** Compiled from kernel/ by `npm run build:wasm`: the module in base64. A test compares it with its source. */\n" +
    `export const TREE_KERNEL_BASE64 = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`
  );
}
