import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addPartitions, createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const BEFORE = 2;
const AFTER = 6;

describe("partitions that a topic is given while it is looked at", function () {
  this.timeout(180_000);
  const stack = stackFor();
  let commands: RunningCommand[] = [];

  afterEach(async () => {
    for (const command of commands) command.signal("SIGKILL");
    for (const command of commands) await command.ended();
    commands = [];
  });

  const run = (name: string, args: readonly string[]) => {
    const command = RunningCommand.start(name, args, { KAFKA_BROKERS: stack.brokers });
    commands.push(command);
    return command;
  };

  /** Writes one record to each partition; returns how many. */
  async function writeRound(topic: string, partitions: number, round: number): Promise<number> {
    const records = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      key: null,
      value: `round ${round} in ${partition}`,
    }));
    await writeRecords(stack.brokers, records);
    return partitions;
  }

  it("are shown by watch from their first record on, and said", async () => {
    await createTopic(stack.brokers, "watched", BEFORE);
    const watch = run("watch", ["watched", "--interval", "200ms"]);
    await watch.said("stderr", "watching watched (partitions: 2)");
    await addPartitions(stack.brokers, "watched", AFTER);
    await writeRound("watched", AFTER, 0);
    await watch.said("stdout", `round 0 in ${AFTER - 1}\n`);
    await watch.said("stderr", "watched has 6 partitions now");
    await writeRound("watched", AFTER, 1);
    await watch.said("stdout", `round 1 in ${AFTER - 1}\n`);
    const shown = (watch.stdout.match(/^round \d in \d$/gm) ?? []).sort();
    assert.deepEqual(shown, [...new Set(shown)]);
    watch.signal("SIGINT");
    assert.equal((await watch.ended()).code, 0);
  });

  it("are saved, every record once, also by a save that is killed and started again", async () => {
    const folder = join(stack.directory, "saved");
    const args = ["grown", "--prefix", join(folder, "out"), "--interval", "200ms"];
    const batches = () => (existsSync(folder) ? readdirSync(folder) : []).filter((entry) => entry.startsWith("out-"));
    /** Lines of each partition, in the order of the batches. */
    const saved = () => {
      const parts = Array.from({ length: AFTER }, (): string[] => []);
      for (const batch of batches().sort()) {
        for (const part of readdirSync(join(folder, batch)).filter((file) => file.startsWith("part-"))) {
          const lines = readFileSync(join(folder, batch, part), "utf8")
            .split("\n")
            .slice(0, -1);
          parts[Number(part.slice(5))]?.push(...lines);
        }
      }
      return parts;
    };
    const count = () => saved().reduce((sum, lines) => sum + lines.length, 0);
    await createTopic(stack.brokers, "grown", BEFORE);
    let written = 0;
    let round = 0;
    const write = async (partitions: number) => {
      written += await writeRound("grown", partitions, round++);
    };

    const save = run("save", args);
    await save.said("stderr", "saving grown (partitions: 2)");
    await write(BEFORE);
    await waitFor("the first records", () => count() === written);
    await addPartitions(stack.brokers, "grown", AFTER);
    // Written to throughout, so that partitions come amid an interval and fetched records wait in the client.
    await waitFor("records of an added partition", async () => {
      await write(AFTER);
      return (saved()[AFTER - 1]?.length ?? 0) > 0;
    });
    await write(AFTER);
    save.signal("SIGKILL");
    await save.ended();
    await write(AFTER);
    const again = run("save", args);
    await waitFor("all records", () => count() >= written);
    again.signal("SIGINT");
    assert.equal((await again.ended()).code, 0);

    const inTopic = Array.from({ length: AFTER }, (): string[] => []);
    for (const { partition, value } of await readTopic(stack.brokers, "grown")) inTopic[partition]?.push(`${value}`);
    assert.deepEqual(saved(), inTopic);
    assert.match(save.stderr, /grown has 6 partitions now/);
    assert.match(again.stderr, /saving grown \(partitions: 6\) after /);
  });
});
