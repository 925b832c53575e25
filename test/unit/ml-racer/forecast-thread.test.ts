import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const module = fileURLToPath(new URL("../../../services/ml-racer/forecast-thread.js", import.meta.url));
const client = fileURLToPath(new URL("../../../shared/kafka/admin.js", import.meta.url));

/** Native libraries in a process that has loaded a module and nothing else. */
function librariesOf(path: string): string[] {
  const program = `
    await import(process.argv[1]);
    process.stdout.write(JSON.stringify(process.report.getReport().sharedObjects));
    process.exit(0);`;
  const text = execFileSync(process.execPath, ["--input-type=module", "--eval", program, path], { encoding: "utf8" });
  return JSON.parse(text) as string[];
}

describe("a worker thread of ml-racer", () => {
  it("does not load the native Kafka client", () => {
    const isClient = (library: string) => /confluentinc|rdkafka/.test(library);
    assert.ok(librariesOf(client).some(isClient), "the kernel does load it, so this would be seen");
    assert.deepEqual(librariesOf(module).filter(isClient), []);
  });
});
