import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { LevelDbStore } from "../../shared/kernel/store/leveldb-store.js";
import { judge } from "../support/judge/verdict.js";
import type { RunningService } from "../support/services/service-runner.js";
import { Stack } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PRODUCER = { SERIES: "8", RATE: "300", SEED: "3" };
const DISK_MIB = 24;

describe("the disk under STATE_DIR", function () {
  this.timeout(300_000);
  let stack: Stack;
  let disk: string | undefined;

  before(async () => {
    stack = await Stack.open();
  });
  after(async () => {
    for (const service of running) if (service.running) await service.kill();
    if (disk !== undefined) spawnSync("umount", [disk]);
    await stack.close();
  });
  const running: RunningService[] = [];
  const start = (name: string, environment: Readonly<Record<string, string>>) => {
    const service = stack.start(name, environment);
    running.push(service);
    return service;
  };

  it("when it is full, ends the service with what is wrong; once there is room a start gives exact results", async function () {
    disk = join(stack.directory, "small");
    mkdirSync(disk);
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", disk], { encoding: "utf8" });
    if (mount.status !== 0) {
      console.log(`      skipped: a small disk cannot be mounted here (${mount.stderr.trim()})`);
      disk = undefined;
      return this.skip();
    }
    const producer = start("producer", PRODUCER);
    const deserializer = start("deserializer", {});
    const environment = { STATE_DIR: disk };
    const racer = start("rls-racer", environment);
    await racer.ready(4);
    await waitFor("work", async () => (await racer.metric("regatta_records_consumed_total")) > 200);

    fill(join(disk, "filling"));
    assert.equal(await racer.exited(), 1);
    const { level, msg = "" } = racer.lines.at(-1) ?? {};
    assert.equal(level, "fatal");
    assert.match(msg, /small\/regatta-rls-racer\/\d cannot be written \(.*(space|quota).*free space on its disk/i);

    const again = start("rls-racer", environment);
    assert.equal(await again.exited(), 1);
    assert.match(again.lines.at(-1)?.msg ?? "", /free space on its disk/);

    rmSync(join(disk, "filling"));
    const freed = start("rls-racer", environment);
    await freed.ready(4);
    await waitFor("work", async () => (await freed.metric("regatta_records_consumed_total")) > 200);
    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(stack.brokers)).equal);
    assert.equal(await freed.stop(), 0);
    assert.equal(await deserializer.stop(), 0);
  });

  it("when it may not be written, refuses the service at start with path and user, and 78", async function () {
    const locked = join(stack.directory, "locked");
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    if (process.getuid?.() === 0) {
      const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", locked], { encoding: "utf8" });
      if (mount.status !== 0) return this.skip();
    }
    try {
      const service = start("rls-racer", { STATE_DIR: locked, APPLICATION_ID: "locked" });
      assert.equal(await service.exited(), EXIT_CONFIGURATION);
      assert.match(service.lines.at(-1)?.msg ?? "", /STATE_DIR: .*locked.* cannot be written by user \d+/);
    } finally {
      if (process.getuid?.() === 0) spawnSync("umount", [locked]);
    }
  });

  it("with a task's folder open in another process: that one is unharmed, and a folder of its own is built", async () => {
    const holder = await LevelDbStore.open(join(stack.stateDirectory, "held-rls-racer", "2"));
    try {
      const service = start("rls-racer", { APPLICATION_ID: "held" });
      await service.ready(4);
      const line = await service.logged("folder is locked by another process: a private one is used");
      assert.match(String(line.directory), /held-rls-racer\/2$/);
      await service.stop();
      assert.deepEqual(await holder.keys("race", 10), []);
    } finally {
      await holder.close();
    }
  });
});

/** Writes until nothing fits any more. */
function fill(path: string): void {
  const descriptor = openSync(path, "w");
  try {
    for (let bytes = 1024 * 1024; bytes >= 1; ) {
      try {
        if (writeSync(descriptor, Buffer.alloc(bytes)) < bytes) bytes = Math.floor(bytes / 2);
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
