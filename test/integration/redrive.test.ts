import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import { RecordError } from "../../shared/errors.js";
import { headerEntry } from "../../shared/kafka/record-headers.js";
import { deadLetter } from "../../shared/kernel/commit/dead-letter.js";
import {
  createTopic,
  deleteTopic,
  headersOf,
  readTopic,
  waitForRecords,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import { seededRandom } from "../support/seed.js";
import { type Ended, RunningCommand } from "../support/services/command-runner.js";
import { stackForEach } from "../support/services/stack.js";

const KILLS = 6;
const REDRIVEN = "regatta-redriven-from";
const LETTERS = 4000;

describe("dead letters", function () {
  this.timeout(300_000);
  const stack = stackForEach();
  let commands: RunningCommand[] = [];

  afterEach(async () => {
    for (const command of commands) command.signal("SIGKILL");
    for (const command of commands) await command.ended();
    commands = [];
  });

  const run = (name: string, ...args: string[]) => {
    const command = RunningCommand.start(name, args, { KAFKA_BROKERS: stack.brokers });
    commands.push(command);
    return command;
  };
  async function done(command: RunningCommand, code = 0): Promise<Ended> {
    const ended = await command.ended();
    assert.equal(ended.code, code, ended.stdout + ended.stderr);
    return ended;
  }
  /** Records keep the time that they bear, which is long ago: Kafka would delete them by it. */
  const create = (topic: string, partitions: number, config: Record<string, string> = {}) =>
    createTopic(stack.brokers, topic, partitions, { "retention.ms": "-1", ...config });
  const read = (topic: string) => readTopic(stack.brokers, topic);
  const letters = () => read(DEAD_LETTERS_TOPIC);
  const redrivenOf = async (topic: string) => (await read(topic)).filter((record) => REDRIVEN in headersOf(record));

  /** Letters as a service writes them, of records that lie nowhere else. */
  function writeLetters(topic: string, count: number, reasonOf: (k: number) => string): Promise<void> {
    const records = Array.from({ length: count }, (_, k) => {
      const raw = { topic, partition: k % 2, offset: k, timestamp: 1000 + k, key: Buffer.from(`s${k % 7}`) };
      const record = { ...raw, value: Buffer.from(`value ${k}`), headers: [{ n: Buffer.from(String(k)) }] };
      const error = new RecordError(reasonOf(k), "expected better");
      return { topic: DEAD_LETTERS_TOPIC, ...deadLetter("deserializer", record, { error, form: "whole" }) };
    });
    return writeRecords(stack.brokers, records);
  }

  it("go back, once what rejected them is mended: with their own key, bytes, headers and time, and are observations then", async () => {
    const raw = "mended";
    await create(raw, 2, { "max.message.bytes": "6000000" });
    const row = (n: number) => `[${n}, 0.5, ${Array.from({ length: n }, (_, k) => k + 0.25).join(", ")}]`;
    const headers = [
      { traceparent: Buffer.from([0, 255]) },
      { reason: Buffer.from("mine") },
      { "raw-x": Buffer.alloc(0) },
    ];
    // One too long for a dead letter: of it the letter has length and SHA-256 alone.
    const long = `[5, 1, 2${" ".repeat(2 * 1024 * 1024)}]`;
    const sent = [
      { topic: raw, key: "narrow", value: row(2), timestamp: 1_700_000_000_000 },
      { topic: raw, key: "wide", value: row(4), timestamp: 1_700_000_000_001, headers },
      { topic: raw, key: null, partition: 1, value: row(5), timestamp: 1_700_000_000_002 },
      { topic: raw, key: "text", value: "no numbers", timestamp: 1_700_000_000_003 },
      { topic: raw, key: "long", value: long, timestamp: 1_700_000_000_004 },
    ];
    await writeRecords(stack.brokers, sent);
    const environment = { INPUT_TOPICS: raw, FEATURES_MAX: "3" };
    const narrow = stack.start("deserializer", environment);
    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, 4);
    assert.equal(await narrow.stop(), 0);

    const listed = await done(run("letters"));
    assert.match(
      listed.stdout,
      /^dead-letters\[0\]@\d+ 2023-11-14T22:13:20\.001Z \S+ deserializer mended\[\d\]@\d+ wide: \[4, 0\.5, 0\.25, 1\.25/m,
    );
    assert.match(listed.stdout, /mended\[1\]@\d+ \[5, 0\.5, /);
    assert.match(listed.stdout, /\n4 letters\n$/);
    const letterReasons = (await letters()).map((record) => headersOf(record).reason);
    const [wideReason] = letterReasons.filter((reason, at) => letterReasons.indexOf(reason) !== at);
    assert.ok(wideReason);

    const wide = stack.start("deserializer", { ...environment, FEATURES_MAX: "10" });
    await wide.ready(2);
    const dry = await done(run("redrive", "--reason", wideReason, "--dry-run"));
    assert.match(dry.stdout, new RegExp(`^${wideReason} +mended +deserializer +2$`, "m"));
    assert.match(dry.stdout, /\n2 letters would be sent to where they came from\n$/);
    assert.equal((await read(raw)).length, sent.length);

    await done(run("redrive", "--reason", wideReason));
    const observations = `${raw}.observations`;
    await waitForRecords(stack.brokers, observations, 3);
    assert.deepEqual((await read(observations)).map(({ key, timestamp }) => [String(key), timestamp]).sort(), [
      ["mended/1", 1_700_000_000_002],
      ["narrow", 1_700_000_000_000],
      ["wide", 1_700_000_000_001],
    ]);
    const back = await redrivenOf(raw);
    assert.deepEqual(back.map(({ key }) => key && String(key)).sort(), [null, "wide"]);
    for (const record of back) {
      const original = sent.find(({ key }) => key === (record.key ? String(record.key) : null));
      assert.ok(original);
      assert.equal(String(record.value), original.value);
      assert.equal(record.timestamp, original.timestamp);
      const own = (record.headers ?? []).map(headerEntry).filter(([name]) => name !== REDRIVEN);
      assert.deepEqual(own, (original.headers ?? []).map(headerEntry));
    }
    assert.equal(back.find(({ key }) => key === null)?.partition, 1);

    // All that is left: the text is rejected again, once, and the long one goes as it was.
    const rest = await done(run("redrive"));
    assert.match(rest.stdout, /\n2 letters sent to where they came from; 2 of an earlier run not again\n$/);
    await waitForRecords(stack.brokers, DEAD_LETTERS_TOPIC, 6);
    const again = (await letters()).slice(-2);
    assert.deepEqual(again.map(({ key }) => key && String(key)).sort(), [null, "text"]);
    const redriven = (await redrivenOf(raw)).filter(({ key }) => String(key) === "long");
    assert.deepEqual(
      redriven.map(({ value }) => String(value) === long),
      [true],
    );
    assert.equal((await redrivenOf(raw)).length, 4);
    assert.match((await done(run("letters"))).stdout, /^(.* \(sent back\) .*\n){4}(?!.*sent back)/m);
    assert.equal(await wide.stop(), 0);
  });

  it("go back exactly once though the command is killed again and again, whatever it is asked for each time", async () => {
    const { seed, random } = seededRandom();
    console.log(`      seed ${seed}`);
    await create("killed", 2);
    await create(DEAD_LETTERS_TOPIC, 2);
    await writeLetters("killed", LETTERS, (k) => (k % 3 === 0 ? "arity" : "not-utf8"));
    let killed = 0;
    let isArityLeft = true;
    for (let kill = 0; kill < KILLS; kill++) {
      // One that finds nothing to send ends at once.
      const command = run("redrive", ...(kill % 2 === 0 && isArityLeft ? ["--reason", "arity"] : []));
      await command.said("stdout", "letters sent\n");
      await delay(random() * 60);
      command.signal("SIGKILL");
      if ((await command.ended()).code === null) killed++;
      const sent = (await redrivenOf("killed")).map((record) => Number(headersOf(record).n));
      if (sent.length === LETTERS) break;
      isArityLeft = sent.filter((n) => n % 3 === 0).length < Math.ceil(LETTERS / 3);
    }
    assert.ok(killed >= 2, `killed ${killed} times`);
    await done(run("redrive"));
    const numbers = (await redrivenOf("killed")).map((record) => Number(headersOf(record).n));
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      Array.from({ length: LETTERS }, (_, k) => k),
    );
    assert.match(
      (await done(run("redrive"))).stdout,
      new RegExp(`^0 letters sent .*; ${LETTERS} of an earlier run not again`),
    );
  });

  it("go back exactly once where two commands are at it: the later one takes over", async () => {
    await create("shared", 2);
    await create(DEAD_LETTERS_TOPIC, 1);
    await writeLetters("shared", LETTERS, () => "arity");
    const first = run("redrive");
    await first.said("stdout", "letters sent\n");
    await done(run("redrive"));
    const { code, stderr } = await first.ended();
    if (code !== 0) assert.match(stderr, /another npm run redrive that has begun does so by itself/);
    const numbers = (await redrivenOf("shared")).map((record) => Number(headersOf(record).n));
    assert.equal(numbers.length, LETTERS);
    assert.equal(new Set(numbers).size, LETTERS);
  });

  it("stay where Kafka refuses them or their topic is gone, which is said, while the others go", async () => {
    await create("small", 2, { "max.message.bytes": "1000" });
    await create("gone", 2);
    await create(DEAD_LETTERS_TOPIC, 1);
    await writeLetters("small", 20, () => "arity");
    await writeLetters("gone", 3, () => "arity");
    const error = new RecordError("arity", "expected less");
    const large = { topic: "small", partition: 0, offset: 99, timestamp: 5, key: null, value: Buffer.alloc(2000, "x") };
    const letter = deadLetter("deserializer", large, { error, form: "whole" });
    await writeRecords(stack.brokers, [
      { topic: DEAD_LETTERS_TOPIC, ...letter },
      { topic: DEAD_LETTERS_TOPIC, key: "foreign", value: "no letter" },
    ]);
    await deleteTopic(stack.brokers, "gone");

    const first = await done(run("redrive"), 1);
    assert.match(first.stdout + first.stderr, /dead-letters\[0\]@\d+ stays: there is no topic gone\n/);
    assert.match(first.stdout, /dead-letters\[0\]@\d+ stays: Kafka refuses it: .*(large|size)/i);
    assert.match(first.stdout, /\n20 letters sent to where they came from\n$/);
    assert.match(first.stderr, /^4 letters that matched could not be sent$/m);
    assert.equal((await redrivenOf("small")).length, 20);

    // What was in the way is mended: they go with the next run, and those that went do not.
    await create("gone", 2);
    const second = await done(run("redrive", "--topic", "gone"));
    assert.match(second.stdout, /\n3 letters sent to where they came from\n$/);
    assert.equal((await redrivenOf("small")).length, 20);
  });

  it("are chosen by reason, topic and the time of their record", async () => {
    await create("chosen", 2);
    await create("other", 2);
    await create(DEAD_LETTERS_TOPIC, 1);
    await writeLetters("chosen", 10, (k) => (k < 4 ? "arity" : "not-utf8"));
    await writeLetters("other", 5, () => "arity");
    const last = async (...args: string[]) => (await done(run("letters", ...args))).stdout.trimEnd().split("\n").at(-1);
    assert.equal(await last(), "15 letters");
    assert.equal(await last("--reason", "arity"), "9 letters");
    assert.equal(await last("--topic", "chosen"), "10 letters");
    // Records are stamped 1000 to 1009 ms after 1970.
    assert.equal(await last("--since", "1970-01-01T00:00:01.008Z"), "2 letters");
    assert.equal(await last("--since", "1h"), "0 letters");
    assert.equal(
      await last("--topic", "chosen", "--reason", "arity", "--since", "1970-01-01T00:00:01.003"),
      "1 letter",
    );
    await done(run("letters", "--since", "yesterday"), 2);
    await done(run("redrive", "--topic", "a b"), 2);
  });

  it("are said not to be there where no service has started yet", async () => {
    assert.match((await done(run("letters"))).stdout, /^there is no topic of dead letters/);
    assert.match((await done(run("redrive"))).stdout, /^there is no topic of dead letters/);
  });
});
