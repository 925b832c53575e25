import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { positionAt } from "../../shared/kafka/topic-partition.js";
import {
  createTopic,
  deleteGroup,
  deleteRecords,
  deleteTopic,
  readTopic,
  setPosition,
  topicEnd,
  writeRecords,
} from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const PARTITIONS = 2;
const SERIES = 6;
const raceSchema = z.record(z.string(), z.unknown());

describe("a log that lost records", function () {
  this.timeout(300_000);
  const stack = stackFor();

  /** One rls-racer with topics, group and folders of its own. */
  class Subject {
    readonly id: string;
    readonly input: string;
    /** Observations written for each series. */
    written = 0;

    constructor(id: string) {
      this.id = id;
      this.input = `${id}.observations`;
    }

    get group(): string {
      return `${this.id}-rls-racer`;
    }

    get changelog(): string {
      return `${this.group}-race-changelog`;
    }

    get folder(): string {
      return join(stack.stateDirectory, this.group);
    }

    start(environment: Readonly<Record<string, string>> = {}): RunningService {
      return stack.start("rls-racer", { INPUT_TOPICS: this.input, APPLICATION_ID: this.id, ...environment });
    }

    /** Writes `count` more observations of each series. */
    async write(count: number): Promise<void> {
      const records = Array.from({ length: count * SERIES }, (_, k) => {
        const series = `s${k % SERIES}`;
        const i = this.written + Math.floor(k / SERIES);
        const value = JSON.stringify({ topic: this.id, series, i, y: Math.sin(i + k), x: [Math.cos(i), i % 7] });
        return { topic: this.input, key: series, value };
      });
      this.written += count;
      await writeRecords(stack.brokers, records);
    }

    async raced(service: RunningService): Promise<void> {
      await waitFor(`${this.id}: every series to come to ${this.written}`, async () => {
        const races = Object.values(await this.state(service));
        return races.length === SERIES && races.every((race) => JSON.stringify(race).includes(`"N":${this.written}`));
      });
    }

    async state(service: RunningService): Promise<Record<string, unknown>> {
      const { keys } = z.object({ keys: z.array(z.string()) }).parse(await service.json("/state/race"));
      const state: Record<string, unknown> = {};
      for (const key of keys) state[key] = raceSchema.parse(await service.json(`/state/race/${key}`));
      return state;
    }

    /** Races some records, then stops; gives the state that must not be lost. */
    async raceAndStop(): Promise<Record<string, unknown>> {
      await createTopic(stack.brokers, this.input, PARTITIONS);
      await this.write(40);
      const service = this.start();
      await this.raced(service);
      const state = await this.state(service);
      assert.equal(await service.stop(), 0);
      return state;
    }

    async refused(pattern: RegExp, environment: Readonly<Record<string, string>> = {}): Promise<void> {
      const service = this.start(environment);
      assert.equal(await service.exited(), EXIT_CONFIGURATION);
      assert.match(service.lines.at(-1)?.msg ?? "", pattern);
    }

    async predictions(): Promise<number> {
      const records = await readTopic(stack.brokers, "rls-predictions");
      return records.filter(({ value }) => value?.toString().includes(`"topic":"${this.id}"`)).length;
    }
  }

  it("as a deleted changelog is refused, and written anew from a complete folder when asked to", async () => {
    const subject = new Subject("deleted");
    const state = await subject.raceAndStop();
    await deleteTopic(stack.brokers, subject.changelog);
    await subject.refused(
      /changelog deleted-rls-racer-race-changelog with id .* was deleted.*ON_CHANGELOG_LOSS=rebuild/,
    );

    const rebuilding = subject.start({ ON_CHANGELOG_LOSS: "rebuild" });
    await rebuilding.ready(PARTITIONS);
    assert.equal(await rebuilding.metric("regatta_restores_total", { cause: "changelog-rebuilt" }), PARTITIONS);
    assert.equal(await rebuilding.stop(), 0);

    rmSync(subject.folder, { recursive: true });
    const restored = subject.start();
    await restored.ready(PARTITIONS);
    assert.deepEqual(await subject.state(restored), state);
    await subject.write(10);
    await subject.raced(restored);
    assert.equal(await restored.stop(), 0);
    assert.equal(await subject.predictions(), 50 * SERIES * 2);
  });

  it("as a changelog deleted together with the folders is refused, and given up only when asked to", async () => {
    const subject = new Subject("gone");
    await subject.raceAndStop();
    await deleteTopic(stack.brokers, subject.changelog);
    rmSync(subject.folder, { recursive: true });
    const nothing = /group gone-rls-racer is at gone\.observations\[\d\]@\d+, but its changelog has no state at all/;
    await subject.refused(nothing);
    await subject.refused(nothing, { ON_CHANGELOG_LOSS: "rebuild" });

    const accepting = subject.start({ ON_CHANGELOG_LOSS: "accept" });
    await accepting.ready(PARTITIONS);
    assert.deepEqual(await subject.state(accepting), {});
    await subject.write(10);
    await waitFor(
      "the new records",
      async () => (await accepting.metric("regatta_records_consumed_total")) === 10 * SERIES,
    );
    assert.equal(await accepting.stop(), 0);
    assert.equal(await subject.predictions(), 50 * SERIES * 2);
  });

  it("as a changelog that retention cuts at its beginning is refused with what it must be", async () => {
    const subject = new Subject("cut");
    await createTopic(stack.brokers, subject.changelog, PARTITIONS, { "cleanup.policy": "compact,delete" });
    await subject.raceAndStop();
    await deleteRecords(stack.brokers, subject.changelog, 0, 5);
    await deleteRecords(stack.brokers, subject.changelog, 1, 5);
    await subject.refused(/race-changelog\[\d\] begins at 5: records were deleted.*cleanup\.policy=compact/);
    rmSync(subject.folder, { recursive: true });
    await subject.refused(/begins at 5/);
    await subject.refused(/begins at 5.*cannot be rebuilt/, { ON_CHANGELOG_LOSS: "rebuild" });
  });

  it("as a group deleted or expired goes on where its state is, without a record twice", async () => {
    const subject = new Subject("expired");
    const state = await subject.raceAndStop();
    await waitFor("the group to be empty and deleted", () =>
      deleteGroup(stack.brokers, subject.group).then(
        () => true,
        () => false,
      ),
    );
    // Neither the folder nor, where that is gone as well, the changelog knows less than the group did.
    for (const withFolder of [true, false]) {
      if (!withFolder) rmSync(subject.folder, { recursive: true });
      const service = subject.start();
      await service.ready(PARTITIONS);
      assert.deepEqual(await subject.state(service), state);
      assert.equal(await service.stop(), 0);
    }
    const service = subject.start();
    await subject.write(10);
    await subject.raced(service);
    assert.equal(await service.stop(), 0);
    assert.equal(await subject.predictions(), 50 * SERIES * 2);
  });

  it("as a group set forward or back by hand is refused with both positions", async () => {
    const subject = new Subject("moved");
    await subject.raceAndStop();
    await setPosition(stack.brokers, subject.group, { topic: subject.input, partition: 0, position: positionAt(3) });
    await subject.refused(/is at moved\.observations\[0\]@\d+, but group moved-rls-racer is at 3/);
    const end = 40 * SERIES;
    await setPosition(stack.brokers, subject.group, { topic: subject.input, partition: 0, position: positionAt(end) });
    await subject.refused(
      /group moved-rls-racer is at moved\.observations\[0\]@240, but its changelog only comes to \d+/,
    );
  });

  for (const protocol of ["consumer", "range"]) {
    it(`as an input that retention cut before it was read is refused, and skipped and counted when asked to: ${protocol}`, async () => {
      const subject = new Subject(`late-${protocol}`);
      await subject.raceAndStop();
      const before = await topicEnd(stack.brokers, subject.input);
      await subject.write(20);
      const after = await topicEnd(stack.brokers, subject.input);
      assert.equal(after - before, 20 * SERIES);
      let lost = 0;
      for (const partition of [0, 1]) {
        const records = (await readTopic(stack.brokers, subject.input)).filter(
          (record) => record.partition === partition,
        );
        const begin = records.length - 3;
        lost += Math.max(0, begin - (records.length * 40) / 60);
        await deleteRecords(stack.brokers, subject.input, partition, begin);
      }
      await subject.refused(
        /late-\w+\.observations\[\d\]@\d+, but that log begins at \d+: \d+ offsets were deleted.*ON_INPUT_LOSS=skip/,
      );
      const skipping = subject.start({ ON_INPUT_LOSS: "skip", GROUP_PROTOCOL: protocol });
      await skipping.ready(PARTITIONS);
      await waitFor("the rest", async () => (await skipping.metric("regatta_records_consumed_total")) === 2 * 3);
      assert.equal(await skipping.metric("regatta_input_records_lost_total", { topic: subject.input }), lost);
      assert.equal(await skipping.stop(), 0);
    });
  }

  it("as an input that is deleted and made again while it is read ends the service instead of starting anew", async () => {
    const subject = new Subject("remade");
    await createTopic(stack.brokers, subject.input, PARTITIONS);
    await subject.write(40);
    const service = subject.start();
    await subject.raced(service);
    await deleteTopic(stack.brokers, subject.input);
    await createTopic(stack.brokers, subject.input, PARTITIONS);
    await subject.write(1);
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(service.lines.at(-1)?.msg ?? "", /remade\.observations\[\d\]@\d+, but that log ends at \d+/);
  });
});
