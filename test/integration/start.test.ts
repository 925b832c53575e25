import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { startLocalKafka } from "../../deploy/local/local-kafka.js";
import { LINEAR_TOPIC } from "../../shared/contract/topics.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { readTopic } from "../support/kafka/kafka-topics.js";
import { StartRun } from "../support/services/start-runner.js";
import { waitFor } from "../support/wait.js";

describe("npm start", function () {
  this.timeout(300_000);

  let directory: string;
  let current: StartRun | undefined;

  /** The usual ports may be those of a race that somebody watches. */
  let ports: { kafka: string; http: string };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-start-"));
    ports = { kafka: String(await freePort()), http: String(await freePort()) };
  });

  afterEach(async () => {
    if (current?.process.exitCode === null) current.process.kill("SIGTERM");
    await current?.ended();
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  function start(args: readonly string[], environment?: Readonly<Record<string, string>>): StartRun {
    current = new StartRun(directory, ["--kafka-port", ports.kafka, ...args], {
      HTTP_PORT: ports.http,
      ...environment,
    });
    return current;
  }

  it("races for as long as asked, ends with a table, and goes on from there the next time", async () => {
    const first = start(["--series", "3", "--features", "40", "--rate", "30", "--for", "3s"]);
    assert.equal(await first.ended(), 0, first.out);
    assert.match(first.out, /^dataLinearModel +records +leader +rls1 mse +rls2 mse +champion +evidence +y +yhat$/m);
    const records = ["s0", "s1", "s2"].map((series) => first.records(series));
    assert.ok(
      records.every((n) => n > 0),
      first.out,
    );

    const second = start(["--rate", "30", "--for", "2s"]);
    await waitFor("the state's address", () => /rls-racer: metrics at \S+, state at (\S+),/.test(second.out));
    assert.equal(await second.ended(), 0, second.out);
    assert.ok(second.records("s0") > records[0], second.out);
    // Series that this run does not write stand where they stood.
    assert.equal(second.records("s2"), records[2]);
  });

  it("refuses to go on with other features, and a second run in the same folder", async () => {
    const other = start(["--features", "5"]);
    assert.equal(await other.ended(), EXIT_CONFIGURATION);
    assert.match(other.out, /--features 5: the race under way was begun with 40/);

    const holder = start(["--rate", "5"]);
    await waitFor("the race", () => holder.out.includes("rls-racer: metrics at"));
    const [, page] = /^The race is shown at (http:\S+)$/m.exec(holder.out) ?? [];
    assert.match(await (await fetch(page)).text(), /<title>Regatta<\/title>/);
    const late = new StartRun(directory, []);
    assert.equal(await late.ended(), 1);
    assert.match(late.out, new RegExp(`a race runs in this folder already \\(process ${holder.process.pid}\\)`));
    holder.process.kill("SIGTERM");
    assert.equal(await holder.ended(), 0, holder.out);
    assert.match(holder.out, /^Stopped\. The next `npm start` goes on from here\.$/m);
  });

  it("races on the cluster of KAFKA_BROKERS, and its final table counts every record that was written", async () => {
    const kafka = await startLocalKafka({ directory: join(directory, "own") });
    try {
      const run = start(["--series", "5", "--rate", "100", "--for", "2s"], { KAFKA_BROKERS: kafka.brokers });
      assert.equal(await run.ended(), 0, run.out);
      const written = new Map<string, number>();
      for (const { key } of await readTopic(kafka.brokers, LINEAR_TOPIC)) {
        written.set(String(key), (written.get(String(key)) ?? 0) + 1);
      }
      assert.equal(written.size, 5);
      for (const [series, count] of written) assert.equal(run.records(series), count, run.out);
    } finally {
      await kafka.kill();
    }
  });

  it("races a file that is replayed on a new broker, and nothing else", async () => {
    const file = join(directory, "sensor.csv");
    const rows = Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 7}`);
    writeFileSync(file, `y,a,b\n${rows.join("\n")}\n`);
    const run = start(["--fresh", "--rate", "100", "--for", "1s"], { REPLAY_FILE: file, REPLAY_TOPIC: "replayed" });
    assert.equal(await run.ended(), 0, run.out);
    assert.match(run.out, /^replayed +records +leader /m);
    for (const model of ["rls1", "rf"]) assert.match(run.out, new RegExp(`^replayed .*\\b${model} mse\\b`, "m"));
    assert.equal(run.records("sensor"), 60);
  });

  it("ends in time with the file's table where a file is replayed on a new broker and no topic is named (case k08)", async () => {
    const file = join(directory, "bikes.csv");
    writeFileSync(file, `y,a\n${Array.from({ length: 30 }, (_, i) => `${i},${i % 5}`).join("\n")}\n`);
    const run = start(["--fresh", "--rate", "100", "--for", "5s"], { REPLAY_FILE: file });
    assert.equal(await run.ended(), 0, run.out);
    assert.equal(run.records("bikes"), 30);
    // Nobody writes the other topic of the generator, and nobody waits for it.
    assert.doesNotMatch(run.out, /dataNonLinearModel/);
  });

  it("ends with 78 before it starts anything, with the words of every service that refuses its settings", async () => {
    const wrong = { RLS_MODELS: "rls1:2", FEATURES_MAX: "no", ML_MODELS: "rg", COMMIT_INTERVAL_MS: "soon" };
    const run = start(["--for", "60s"], wrong);
    assert.equal(await run.ended(), EXIT_CONFIGURATION, run.out);
    assert.match(run.out, /^4 settings are wrong:$/m);
    for (const [name, value] of Object.entries(wrong))
      assert.match(run.out, new RegExp(`^ {2}${name}=${value}: `, "m"));
    assert.doesNotMatch(run.out, /Starting Kafka/);
  });

  it("starts a killed service again and a killed broker too, and leaves nothing running when it is killed itself", async () => {
    const run = start(["--fresh", "--series", "1", "--features", "2", "--rate", "2"]);
    await waitFor("the first scores", () => run.out.includes("dataLinearModel rls1: mse"));
    const marks: unknown = JSON.parse(readFileSync(join(directory, "kafka", "broker", "kafka.pid"), "utf8"));
    const broker = (marks as { jvm: { pid: number } }).jvm.pid;
    process.kill(broker, "SIGKILL");
    await waitFor("the notice", () =>
      /Kafka ended unexpectedly \(signal SIGKILL\)\. It is started again\./.test(run.out),
    );
    const scored = () => Number(/(\d+) records[^\n]*\n$/.exec(run.out)?.[1] ?? 0);
    const before = scored();
    await waitFor("more records", () => scored() > before);

    run.process.kill("SIGKILL");
    await run.ended();
    const next = start(["--for", "1s"]);
    assert.equal(await next.ended(), 0, next.out);
    assert.ok(next.records("s0") >= before, next.out);
  });
});
