import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { MAIN_THREAD, ProcessWatch, threadSeconds } from "../../bench/process-watch.js";
import { waitFor } from "../../support/wait.js";

describe("the watch of processes", () => {
  it("counts time and memory of a child's child, and of one that has ended", async () => {
    const busy = "const end = Date.now() + 300; while (Date.now() < end); const held = Buffer.alloc(64 << 20, 1);";
    const inner = `${busy} process.stdout.write('done'); process.stdin.once('data', () => process.exit(held.length === 0 ? 1 : 0))`;
    const outer = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'inherit' })`;
    const child = spawn(process.execPath, ["-e", outer], { stdio: ["pipe", "pipe", "inherit"] });
    const watch = new ProcessWatch(() => [child.pid ?? 0]);
    try {
      await once(child.stdout, "data");
      watch.sample();
      // Two processes of Node.js of 30 MiB and more, and what the inner one holds.
      assert.ok(watch.peakMiB > 64 + 2 * 20, `${watch.peakMiB}`);
      assert.ok(watch.cpuSecondsAt(performance.now()) > 0.1);
      child.stdin.write("end");
      await waitFor("the end of both", () => child.exitCode !== null);
      watch.sample();
      assert.ok(watch.cpuSecondsAt(performance.now()) > 0.1);
      assert.ok(watch.cpuSecondsAt(0) < watch.cpuSecondsAt(performance.now()));
    } finally {
      watch.stop();
      child.kill("SIGKILL");
    }
  });

  it("knows the threads of a process by their names", () => {
    assert.ok((threadSeconds(process.pid).get(MAIN_THREAD) ?? 0) > 0);
  });
});
