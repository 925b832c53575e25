import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, isFree } from "../../deploy/local/free-port.js";
import { type LocalKafka, startLocalKafka } from "../../deploy/local/local-kafka.js";
import { markProcess } from "../../deploy/local/process-mark.js";
import { createTopic, partitionsOf, readTopic, waitForKafka, writeRecords } from "../support/kafka/kafka-topics.js";
import { accepts } from "../support/kafka/listening.js";

const TOPIC = "kept";
const RECORDS = 1000;

describe("a local Kafka", function () {
  this.timeout(180_000);

  let root: string;
  let broker: LocalKafka;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), "regatta-kafka-"));
    broker = await startLocalKafka({ directory: join(root, "broker") });
  });

  after(async () => {
    await broker?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it("gives back every acknowledged record after a SIGKILL and a restart", async () => {
    await createTopic(broker.brokers, TOPIC, 1);
    const values = Array.from({ length: RECORDS }, (_, i) => `value ${i}`);
    await writeRecords(
      broker.brokers,
      values.map((value) => ({ topic: TOPIC, key: null, value })),
    );

    const pid = broker.pid;
    await broker.kill();
    assert.equal(markProcess(pid), undefined);
    assert.throws(() => broker.pid, /expected the broker .* to run/);
    await broker.restart();

    assert.notEqual(broker.pid, pid);
    const kept = await readTopic(broker.brokers, TOPIC);
    assert.deepEqual(
      kept.map(({ value }) => String(value)),
      values,
    );
  });

  it("lets its controller take it for dead after a SIGKILL, before it comes back, and not after a stop", async () => {
    const told = () => readFileSync(join(root, "broker", "controller.log"), "utf8");
    rmSync(join(root, "broker", "controller.log"), { force: true });
    await broker.restart();
    assert.throws(told, /ENOENT/);
    await broker.kill();
    await broker.restart();
    assert.match(told(), /Fencing broker 1 at epoch \d+ because its session has timed out/);
    await answer(broker);
  });

  it("answers nobody while it is paused, and everybody after", async () => {
    await broker.pause();
    try {
      await assert.rejects(partitionsOf(broker.brokers, TOPIC), /timed out/i);
    } finally {
      broker.resume();
    }
    await answer(broker);
  });

  it("refuses a second broker in the same folder and leaves the first one alone", async () => {
    const second = startLocalKafka({ directory: join(root, "broker") });
    await assert.rejects(second, new RegExp(`to be free, but process ${process.pid} runs a broker in it`));
    await answer(broker);
  });

  it("listens on 127.0.0.1 only", async () => {
    const port = Number(broker.brokers.split(":")[1]);
    assert.equal(await accepts("127.0.0.1", port), true);
    assert.equal(await accepts("127.0.0.2", port), false);
  });

  it("ends when its owner is killed, and its folder starts again under another owner", async () => {
    const directory = join(root, "orphan");
    const owner = spawn(process.execPath, ["--input-type=module", "-e", ownerProgram(directory)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [chunk] = await once(owner.stdout, "data");
    const jvm = markProcess(Number(String(chunk)));
    assert.ok(jvm !== undefined, `expected the number of a running process, got ${chunk}`);

    owner.kill("SIGKILL");
    await once(owner, "exit");
    while (markProcess(jvm.pid)?.started === jvm.started) await pause(20);

    const successor = await startLocalKafka({ directory });
    assert.equal(await partitionsOf(successor.brokers, TOPIC), undefined);
    await successor.stop();
  });

  it("ends a JVM that outlived its owner before it takes over the folder", async () => {
    const directory = join(root, "left-behind");
    mkdirSync(directory);
    const survivor = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const end = once(survivor, "exit");
    const jvm = markProcess(survivor.pid ?? 0);
    const owner = { pid: process.pid, started: "another boot" };
    writeFileSync(join(directory, "kafka.pid"), JSON.stringify({ jvm, owner }));
    const successor = await startLocalKafka({ directory });
    assert.deepEqual(await end, [null, "SIGKILL"]);
    await successor.stop();
  });

  it("tells when the JVM ends without having been asked to", async () => {
    let told: ((reason: string) => void) | undefined;
    const crash = new Promise<string>((resolve) => {
      told = resolve;
    });
    const directory = join(root, "crash");
    const victim = await startLocalKafka({ directory, onCrash: (reason) => told?.(reason) });
    process.kill(victim.pid, "SIGKILL");
    assert.match(await crash, /^Kafka ended unexpectedly \(signal SIGKILL\)/);
    await victim.stop();
  });

  it("starts with other ports where another program takes one before it listens", async () => {
    const directory = join(root, "taken");
    const start = startLocalKafka({ directory });
    const configuration = join(directory, "format.properties");
    while (!existsSync(configuration)) await pause(1);
    const port = controllerPortIn(configuration);
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    const started = await start;
    try {
      assert.notEqual(controllerPortIn(join(directory, "server.properties")), port);
      await createTopic(started.brokers, "taken", 1);
    } finally {
      await started.kill();
      other.close();
    }
  });

  it("shows the end of Kafka's log when it cannot start", async () => {
    const properties = { "log.segment.bytes": "many" };
    const start = startLocalKafka({ directory: join(root, "wrong"), properties });
    await assert.rejects(start, /Invalid value many for configuration log\.segment\.bytes/);
  });
});

describe("a free port", () => {
  it("is given once only, and lies below the range that outgoing connections use", async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    assert.equal(new Set(ports).size, 50);
    for (const port of ports) assert.ok(port >= 15_000 && port <= 32_000 && (await isFree(port)), `${port}`);
  });
});

function controllerPortIn(configuration: string): number {
  return Number(/CONTROLLER:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(configuration, "utf8"))?.[1]);
}

function ownerProgram(directory: string): string {
  const moduleUrl = new URL("../../deploy/local/local-kafka.js", import.meta.url);
  return `
    import { startLocalKafka } from ${JSON.stringify(moduleUrl.href)};
    const broker = await startLocalKafka(${JSON.stringify({ directory })});
    setInterval(() => {}, 1000);
    console.log(broker.pid);`;
}

/** Waits until the broker describes its topic; on a busy machine a first call may time out. */
async function answer({ brokers }: LocalKafka): Promise<void> {
  await waitForKafka("an answer", () => partitionsOf(brokers, TOPIC));
}
