import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  DEAD_LETTERS_TOPIC,
  LINEAR_TOPIC,
  NON_LINEAR_TOPIC,
  observationsTopic,
  topics,
} from "../../shared/contract/topics.js";
import {
  createTopic,
  describeTopics,
  readTopic,
  topicNames,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { type Ended, RunningCommand } from "../support/services/command-runner.js";
import { CONSUMING_SERVICES } from "../support/services/five-services.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const RAW = [LINEAR_TOPIC, NON_LINEAR_TOPIC];
const SERIES = 3;
const STEPS = 30;
const RECORDS = SERIES * STEPS;
const observations = RAW.map((name) => observationsTopic(name).name);
/** Records that each topic of results has in the end. */
const RESULTS: Readonly<Record<string, number>> = {
  [observations[0]]: RECORDS,
  [observations[1]]: RECORDS,
  [topics.estimates.name]: 2 * RECORDS,
  [topics.rlsPredictions.name]: 2 * RECORDS,
  [topics.mlPredictions.name]: RECORDS,
  [DEAD_LETTERS_TOPIC]: 2,
};

describe("reset", function () {
  this.timeout(300_000);
  const stack = stackFor();
  const environment = { ML_MODELS: "lin" };
  const resetWith = (more: Readonly<Record<string, string>>, ...args: string[]) =>
    RunningCommand.start("reset", args, {
      KAFKA_BROKERS: stack.brokers,
      STATE_DIR: stack.stateDirectory,
      ...environment,
      ...more,
    });
  const reset = (...args: string[]) => resetWith({}, ...args);
  async function done(running: RunningCommand, code = 0): Promise<Ended> {
    const ended = await running.ended();
    assert.equal(ended.code, code, ended.stdout + ended.stderr);
    return ended;
  }
  /** Runs the services until all is there, and stops them. */
  async function race(): Promise<void> {
    const services = CONSUMING_SERVICES.map((name) => stack.start(name, environment));
    for (const [topic, count] of Object.entries(RESULTS)) await waitForRecords(stack.brokers, topic, count);
    for (const service of services) assert.equal(await service.stop(), 0);
  }
  /** What a reader sees of a topic: each record as text, in an order that does not depend on which was committed first. */
  async function seen(topic: string): Promise<string[]> {
    const records = await readTopic(stack.brokers, topic);
    const texts = records.map(({ partition, key, value, timestamp, headers }) =>
      JSON.stringify([partition, String(key), String(value), timestamp, headers]),
    );
    return texts.sort();
  }
  const allSeen = async () =>
    Object.fromEntries(
      await Promise.all([...Object.keys(RESULTS), ...RAW].map(async (topic) => [topic, await seen(topic)] as const)),
    );
  const ownTopics = async () => (await topicNames(stack.brokers)).filter((name) => name.startsWith("regatta-"));

  before(async () => {
    for (const topic of RAW) {
      // Records keep the time that they bear, which is long ago: Kafka would delete them by it.
      await createTopic(stack.brokers, topic, 2, { "retention.ms": "-1" });
      const rows = Array.from({ length: RECORDS }, (_, k) => {
        const i = Math.floor(k / SERIES);
        const value = `[${i}, ${Math.sin(k)}, ${Math.cos(i)}, ${(k * 7) % 5}]`;
        return { topic, key: `s${k % SERIES}`, value, timestamp: 1_700_000_000_000 + k };
      });
      await writeRecords(stack.brokers, [
        ...rows,
        { topic, key: "s0", value: "no numbers", timestamp: 1_700_000_000_000 },
      ]);
    }
    await race();
  });

  it("refuses while an instance lives, by its group or by its folder alone, and deletes nothing", async () => {
    const before = await allSeen();
    const service = stack.start("rls-racer", environment);
    await service.ready(2);
    const refused = await done(reset("--yes"), 1);
    assert.match(refused.stderr, /group regatta-rls-racer has 1 members: stop every instance of rls-racer first/);
    // As the client that npm has, which only lists groups.
    const preload = new URL("../support/programs/listing-client.js", import.meta.url).href;
    const listed = await done(resetWith({ NODE_OPTIONS: `--import=${preload}` }, "--yes"), 1);
    assert.match(listed.stderr, /group regatta-rls-racer has some members: stop every instance of rls-racer first/);
    assert.equal(await service.stop(), 0);

    const cutOff = stack.start("rls-racer", { ...environment, KAFKA_BROKERS: "127.0.0.1:1" });
    await cutOff.url();
    await waitFor("it to hold its folder", () =>
      existsSync(join(stack.stateDirectory, "regatta-rls-racer", "slots", "0", "LOCK")),
    );
    const held = await done(reset("--yes"), 1);
    assert.match(held.stderr, /an instance of rls-racer runs with \S+regatta-rls-racer: stop it first/);
    await cutOff.kill();
    assert.deepEqual(await allSeen(), before);
  });

  it("refuses a service whose results another one has read, and names the command that resets both", async () => {
    const { stderr } = await done(reset("deserializer", "--yes"), 1);
    assert.match(
      stderr,
      /stateful-estimator, rls-racer, ml-racer have read results .* npm run reset -- deserializer stateful-estimator rls-racer ml-racer/,
    );
  });

  it("lists what there is and deletes nothing with --dry-run, without a terminal, and for a no", async () => {
    const before = await allSeen();
    const own = await ownTopics();
    const dry = await done(reset("--dry-run"));
    for (const name of CONSUMING_SERVICES) {
      assert.match(dry.stdout, new RegExp(`^ {2}${join(stack.stateDirectory, `regatta-${name}`)}$`, "m"));
      assert.match(dry.stdout, new RegExp(`^ {2}regatta-${name}$`, "m"));
    }
    for (const topic of [...Object.keys(RESULTS), ...own]) assert.ok(dry.stdout.includes(`\n  ${topic}\n`), topic);
    for (const topic of RAW) assert.ok(!dry.stdout.includes(`\n  ${topic}\n`), topic);
    const piped = await done(reset());
    assert.match(piped.stdout, /\nNothing was deleted\.\n$/);
    assert.match(piped.stderr, /With --yes it is deleted/);
    assert.match(await atTerminal("n\n"), /Delete all of this\? \[y\/N\] (.|\s)*Nothing was deleted\./);
    assert.deepEqual(await allSeen(), before);
    assert.deepEqual(await ownTopics(), own);
  });

  it("has the services start from the beginning and give the same results, also where it was killed on the way", async () => {
    const before = await allSeen();
    for (const said of ["state folders deleted", "services deleted", "results deleted"]) {
      const killed = reset("--yes");
      const ended = killed.ended();
      await Promise.race([killed.said("stdout", said).catch(() => undefined), ended]);
      killed.signal("SIGKILL");
      await ended;
    }
    await done(reset("--yes"));
    assert.match((await done(reset("--yes"))).stdout, /^there is nothing to delete\n$/);
    assert.deepEqual([...(await describeTopics(stack.brokers, Object.keys(RESULTS))).keys()], []);
    assert.deepEqual(await ownTopics(), []);
    assert.ok(!existsSync(join(stack.stateDirectory, "regatta-deserializer")));
    await race();
    assert.deepEqual(await allSeen(), before);
  });

  it("deletes after a yes at a terminal, one service alone, which then gives its results again", async () => {
    const before = await allSeen();
    assert.match(await atTerminal("y\n", "rls-racer"), /groups deleted: 1/);
    assert.equal((await describeTopics(stack.brokers, [topics.rlsPredictions.name])).size, 0);
    const service = stack.start("rls-racer", environment);
    await waitForRecords(stack.brokers, topics.rlsPredictions.name, RESULTS[topics.rlsPredictions.name]);
    assert.equal(await service.stop(), 0);
    assert.deepEqual(await allSeen(), before);
  });

  /** All that a person sees who types `answer`, at a terminal that util-linux's `script` makes. */
  async function atTerminal(answer: string, ...args: string[]): Promise<string> {
    const program = fileURLToPath(new URL("../../deploy/cli/reset.js", import.meta.url));
    const line = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
    const child = spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
      env: { PATH: process.env.PATH, KAFKA_BROKERS: stack.brokers, STATE_DIR: stack.stateDirectory, ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      shown += chunk;
      if (shown.includes("[y/N]") && child.stdin.writable && !child.stdin.writableEnded) child.stdin.end(answer);
    });
    const [code] = await once(child, "close");
    assert.equal(code, 0, shown);
    return shown;
  }
});
