/** `npm run sbom`: the bill of materials (CycloneDX) of the packages that run, with `--image` of the image that they run in. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Command } from "commander";
import { type Bill, DPKG_FORMAT, productionBill, withSystem } from "./bill-of-materials.js";
import { runCommand, write } from "./command.js";

const run = promisify(execFile);
const project = fileURLToPath(new URL("../../../", import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 2 ** 20;

const command = new Command("sbom")
  .description("Prints what runs, with versions, checksums and licences, as a bill of materials (CycloneDX, JSON).")
  .option("--image <name>", "with Node.js and Debian's packages of this image, which docker runs for that");

await runCommand(command, async () => {
  const { image } = command.opts<{ image?: string }>();
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--offline"];
  const { stdout } = await run("npm", args, { cwd: project, maxBuffer: OUTPUT_BYTES_MAX });
  const { name } = JSON.parse(readFileSync(`${project}package.json`, "utf8"));
  const bill = productionBill(stdout, name);
  await write(`${JSON.stringify(image === undefined ? bill : await ofImage(bill, image), undefined, 2)}\n`);
});

/** @throws {Error} docker is not there, or cannot run the image */
async function ofImage(bill: Bill, image: string): Promise<Bill> {
  const inImage = async (...words: readonly string[]) => {
    const [program, ...args] = words;
    const options = ["run", "--rm", "--network", "none", "--entrypoint", program, image, ...args];
    return (await run("docker", options, { maxBuffer: OUTPUT_BYTES_MAX })).stdout;
  };
  const [packages, node] = await Promise.all([
    inImage("dpkg-query", "--show", `--showformat=${DPKG_FORMAT}`),
    inImage("node", "--print", "process.versions.node"),
  ]);
  return withSystem(bill, packages, node.trim());
}
