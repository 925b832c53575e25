import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../deploy/local/free-port.js";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { Producer } from "../../shared/kafka/producer.js";
import { clientOptions, createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { seededRandom } from "../support/seed.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PARTITIONS = 3;
const KILLS = 8;

describe("looking at topics", function () {
  this.timeout(300_000);
  const stack = stackFor();
  let commands: RunningCommand[] = [];

  afterEach(async () => {
    for (const command of commands) command.signal("SIGKILL");
    for (const command of commands) await command.ended();
    commands = [];
  });

  const run = (name: string, args: readonly string[], environment: Record<string, string> = {}) => {
    const command = RunningCommand.start(name, args, { KAFKA_BROKERS: stack.brokers, ...environment });
    commands.push(command);
    return command;
  };
  const write = (
    topic: string,
    values: readonly (string | Buffer | null)[],
    key: string | null = null,
    partition = 0,
  ) =>
    writeRecords(
      stack.brokers,
      values.map((value) => ({ topic, partition, key, value })),
    );

  describe("watch", () => {
    it("shows what arrived under its interval's time, each record in its own shape, and ends by Ctrl-C with 0", async () => {
      await createTopic(stack.brokers, "shapes", 1);
      await write("shapes", ["before it came"]);
      const watch = run("watch", ["shapes", "--interval", "500ms"]);
      await watch.said("stderr", "watching shapes (partitions: 1) from its end");
      const values = ["[0, 0.5, 1.0]", '{"a": 1, "b": [1, 2]}', Buffer.from([0xff, 1]), null, "\u001b[2J"];
      await write("shapes", values, "k");
      await watch.said("stdout", "k: \\x1b[2J\n\n");
      watch.signal("SIGINT");
      const { code, stdout } = await watch.ended();
      assert.equal(code, 0);
      const lines = stdout.split("\n").filter((line) => !/^(-{43}|Time: .*|)$/.test(line));
      assert.deepEqual(lines, [
        "k: [0, 0.5, 1.0]",
        'k: {"a":1,"b":[1,2]}',
        "k: 0xff01",
        "k: (no value)",
        "k: \\x1b[2J",
      ]);
      assert.match(stdout, /^-{43}\nTime: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.500)?\n-{43}\n/);
    });

    it("shows ten of each interval and counts the rest", async () => {
      await createTopic(stack.brokers, "many", 1);
      const values = Array.from({ length: 1000 }, (_, n) => `value ${n}`);
      await write("many", values);
      const watch = run("watch", ["many", "--interval", "300ms", "--from", "beginning"]);
      const counted = () => {
        const shown = watch.stdout.match(/^value \d+$/gm)?.length ?? 0;
        const more = [...watch.stdout.matchAll(/^\.\.\. and (\d+) more$/gm)].map(([, count]) => Number(count));
        return { shown, more, all: shown + more.reduce((sum, count) => sum + count, 0) };
      };
      await waitFor("all records to be counted", () => counted().all >= values.length);
      watch.signal("SIGTERM");
      const { code, stdout } = await watch.ended();
      assert.equal(code, 0);
      assert.equal(counted().all, values.length);
      assert.ok(counted().more.length > 0);
      for (const page of stdout.split(/(?=^-{43}\nTime)/m)) assert.ok((page.match(/^value/gm)?.length ?? 0) <= 10);
      assert.match(
        stdout,
        /value 0\nvalue 1\nvalue 2\nvalue 3\nvalue 4\nvalue 5\nvalue 6\nvalue 7\nvalue 8\nvalue 9\n\.\.\. and/,
      );
    });

    it("shows no record of a transaction that was aborted", async () => {
      await createTopic(stack.brokers, "aborted", 1);
      const producer = await Producer.connect(clientOptions(stack.brokers), {
        transactionalId: "looking-test",
        recordBytesMax: 1_000_000,
      });
      try {
        await producer.initTransactions();
        for (const [value, end] of [
          ["void", () => producer.abortTransaction()],
          ["valid", () => producer.commitTransaction()],
        ] as const) {
          await producer.begin();
          producer.produce("aborted", 0, null, Buffer.from(value));
          await end();
        }
      } finally {
        await producer.disconnect();
      }
      const watch = run("watch", ["aborted", "--from", "beginning"]);
      await watch.said("stdout", "valid\n");
      assert.ok(!watch.stdout.includes("void"));
    });

    it("ends with 0 where its reader goes away", async () => {
      await createTopic(stack.brokers, "unread", 1);
      const watch = run("watch", ["unread", "--interval", "100ms", "--empty"]);
      await watch.said("stdout", "Time: ");
      watch.closeStdout();
      assert.equal((await watch.ended()).code, 0);
    });

    it("goes on after its broker was away", async () => {
      await createTopic(stack.brokers, "steady", 1);
      const watch = run("watch", ["steady", "--interval", "200ms"]);
      await watch.said("stderr", "watching");
      await stack.kafka.kill();
      await watch.said("stderr", "Kafka: ");
      await stack.kafka.restart();
      await write("steady", ["afterwards"]);
      await watch.said("stdout", "afterwards\n");
    });
  });

  for (const name of ["watch", "save"] as const) {
    const rest = name === "save" ? ["--prefix", join("unused", "out")] : [];

    describe(`what ${name} cannot do`, () => {
      it("because there is no such topic is said with its name, and ends with 1", async () => {
        const args = name === "save" ? ["--prefix", join(stack.directory, "missing", "out")] : [];
        const { code, stderr } = await run(name, ["no-such-topic", ...args]).ended();
        assert.match(stderr, /expected a topic named no-such-topic at 127\.0\.0\.1:\d+, but there is none/);
        assert.equal(code, 1);
      });

      it("because no broker answers is said with its address, and ends with 1", async () => {
        const brokers = `127.0.0.1:${await freePort()}`;
        const args = name === "save" ? ["--prefix", join(stack.directory, "away", "out")] : [];
        const { code, stderr } = await run(name, ["any", ...args], { KAFKA_BROKERS: brokers }).ended();
        assert.ok(stderr.includes(`expected Kafka at ${brokers}, but it did not answer: connect ECONNREFUSED`), stderr);
        assert.equal(code, 1);
      });

      it("because no broker answers can be called off by Ctrl-C, before the wait for it is over", async () => {
        const brokers = `127.0.0.1:${await freePort()}`;
        const args = name === "save" ? ["--prefix", join(stack.directory, "called-off", "out")] : [];
        const command = run(name, ["any", ...args], { KAFKA_BROKERS: brokers });
        await command.said("stderr", `waiting for Kafka at ${brokers}`);
        command.signal("SIGINT");
        const { code, stderr } = await command.ended();
        assert.equal(code, 0);
        assert.ok(!stderr.includes("did not answer"), stderr);
      });

      it("because the command line is wrong is said, and ends with 2", async () => {
        for (const args of [[], ["not a topic"], ["t", "--interval", "soon"], ["t", "--nonsense"], ["t", "u"]]) {
          const { code, stderr } = await run(name, [...args, ...rest]).ended();
          assert.equal(code, 2, args.join(" "));
          assert.match(stderr, /^error: /);
        }
      });

      it("because a setting is wrong is said with its name, and ends with 78", async () => {
        const args = name === "save" ? ["--prefix", join(stack.directory, "wrong", "out")] : [];
        for (const environment of [{ KAFKA_BROKERS: "nonsense" }, { KAFKA_CONF_NO_SUCH_THING: "1" }]) {
          const { code, stderr } = await run(name, ["t", ...args], environment).ended();
          assert.equal(code, EXIT_CONFIGURATION);
          assert.match(stderr, /KAFKA_BROKERS=nonsense|no\.such\.thing/);
        }
      });
    });
  }

  describe("save", () => {
    const batches = (folder: string) =>
      (existsSync(folder) ? readdirSync(folder) : []).filter((e) => e.startsWith("out-"));
    /** Lines of each partition over all directories, in the order of their times. */
    const saved = (folder: string) => {
      const parts = Array.from({ length: PARTITIONS }, (): string[] => []);
      const byTime = batches(folder).sort((a, b) => timeOf(a) - timeOf(b));
      for (const batch of byTime) {
        for (const [partition, lines] of parts.entries()) {
          lines.push(
            ...readFileSync(join(folder, batch, `part-0000${partition}`), "utf8")
              .split("\n")
              .slice(0, -1),
          );
        }
      }
      return parts;
    };
    const timeOf = (batch: string) => Number(/^out-(\d+)\.txt$/.exec(batch)?.[1]);
    const count = (parts: readonly string[][]) => parts.reduce((sum, lines) => sum + lines.length, 0);
    const inTopic = async (topic: string) => {
      const parts = Array.from({ length: PARTITIONS }, (): string[] => []);
      for (const { partition, value } of await readTopic(stack.brokers, topic)) parts[partition]?.push(`${value}`);
      return parts;
    };

    it("killed again and again in the middle of intervals, holds every record of the topic once and in order", async () => {
      const { seed, random } = seededRandom();
      console.log(`      REGATTA_TEST_SEED=${seed}`);
      const folder = join(stack.directory, "killed");
      const args = ["noisy", "--prefix", join(folder, "out"), "--suffix", "txt", "--interval", "200ms"];
      await createTopic(stack.brokers, "noisy", PARTITIONS);
      let written = 0;
      const writeSome = async () => {
        const records = Array.from({ length: 1 + Math.floor(random() * 3000) }, () => ({
          topic: "noisy",
          partition: Math.floor(random() * PARTITIONS),
          key: null,
          value: `record ${written++}`,
        }));
        await writeRecords(stack.brokers, records);
      };
      let halves = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const save = run("save", args);
        await save.said("stderr", "saving noisy");
        // A hidden folder is there while an interval has records and is not closed: the middle of an interval.
        const inTheMiddle = () => existsSync(folder) && readdirSync(folder).some((entry) => entry.endsWith(".partial"));
        const batchesWanted = batches(folder).length + Math.floor(random() * 3);
        await waitFor("the middle of an interval", async () => {
          await writeSome();
          return batches(folder).length >= batchesWanted && inTheMiddle();
        });
        save.signal("SIGKILL");
        await save.ended();
        if (inTheMiddle()) halves++;
      }
      const save = run("save", args);
      await waitFor("every record to be saved", () => count(saved(folder)) >= written);
      save.signal("SIGINT");
      assert.equal((await save.ended()).code, 0);
      console.log(
        `      ${written} records, ${batches(folder).length} directories, ${KILLS} kills, ${halves} of them left a half one`,
      );
      assert.ok(halves > 0);
      assert.deepEqual(saved(folder), await inTopic("noisy"));
      for (const batch of batches(folder)) {
        assert.deepEqual(readdirSync(join(folder, batch)).sort(), [
          "_SUCCESS",
          "part-00000",
          "part-00001",
          "part-00002",
        ]);
        assert.equal(timeOf(batch) % 200, 0);
      }
      const others = readdirSync(folder).filter((entry) => !entry.startsWith("out-"));
      assert.deepEqual(others, [".out.txt.lock"]);
    });

    it("stopped in the middle of an interval, keeps what it has and goes on behind it", async () => {
      const folder = join(stack.directory, "stopped");
      const args = ["calm", "--prefix", join(folder, "out"), "--suffix", "txt", "--interval", "1h"];
      await createTopic(stack.brokers, "calm", PARTITIONS);
      for (const value of ["first", "second", "third"]) {
        await write("calm", [value], null, 1);
        const save = run("save", args);
        await waitFor(
          "the record",
          () => existsSync(folder) && readdirSync(folder).some((e) => e.endsWith(".partial")),
        );
        save.signal("SIGTERM");
        assert.equal((await save.ended()).code, 0);
      }
      assert.deepEqual(saved(folder), [[], ["first", "second", "third"], []]);
      const times = batches(folder).map(timeOf).sort();
      const first = times[0] ?? Number.NaN;
      assert.deepEqual(times, [first, first + 3_600_000, first + 7_200_000]);
    });

    it("passes over empty intervals unless it is asked for them", async () => {
      const folder = join(stack.directory, "sparse");
      const args = ["sparse", "--prefix", join(folder, "out"), "--suffix", "txt", "--interval", "100ms"];
      await createTopic(stack.brokers, "sparse", PARTITIONS);
      const asked = run("save", [...args, "--empty"]);
      await waitFor("three empty directories", () => batches(folder).length >= 3);
      asked.signal("SIGINT");
      await asked.ended();
      const before = batches(folder).length;
      const unasked = run("save", args);
      await unasked.said("stderr", "saving sparse");
      await write("sparse", ["one"]);
      await waitFor("the record", () => batches(folder).length > before);
      unasked.signal("SIGINT");
      await unasked.ended();
      assert.equal(batches(folder).length, before + 1);
      assert.deepEqual(saved(folder), [["one"], [], []]);
    });

    it("refuses a prefix that another one saves to, or that holds another topic", async () => {
      const folder = join(stack.directory, "taken");
      const args = ["--prefix", join(folder, "out"), "--suffix", "txt", "--interval", "100ms"];
      await createTopic(stack.brokers, "mine", PARTITIONS);
      await createTopic(stack.brokers, "yours", PARTITIONS);
      await write("mine", ["one"]);
      const save = run("save", ["mine", ...args]);
      await waitFor("the record", () => batches(folder).length === 1);
      const second = await run("save", ["mine", ...args]).ended();
      assert.match(second.stderr, /expected nobody else to save with this --prefix/);
      assert.equal(second.code, 1);
      save.signal("SIGINT");
      await save.ended();
      const other = await run("save", ["yours", ...args]).ended();
      assert.match(other.stderr, /expected .*out-\d+\.txt to hold yours, but it holds mine: take another --prefix/);
      assert.equal(other.code, 1);
    });

    it("refuses to go on with a topic that was made anew under the name", async () => {
      const folder = join(stack.directory, "anew");
      const args = ["--prefix", join(folder, "out"), "--suffix", "txt", "--interval", "100ms"];
      for (const topic of ["former", "present"]) {
        await createTopic(stack.brokers, topic, PARTITIONS);
        await write(topic, ["one"]);
      }
      const save = run("save", ["former", ...args]);
      await waitFor("the record", () => batches(folder).length === 1);
      save.signal("SIGINT");
      await save.ended();
      // As if `former` had been deleted and its name given to the topic that is called `present` here.
      const success = join(folder, batches(folder)[0] ?? "", "_SUCCESS");
      writeFileSync(success, readFileSync(success, "utf8").replace("former", "present"));
      const { code, stderr } = await run("save", ["present", ...args]).ended();
      assert.match(stderr, /out-\d+\.txt to hold present, but it holds a former topic named present/);
      assert.equal(code, 1);
    });
  });
});
