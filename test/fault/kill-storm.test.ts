import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { SERVICE_NAMES } from "../../services/names.js";
import { lateRawRecords, lateStream } from "../support/data/late-stream.js";
import { assertCountersFollow, CHAIN, judge } from "../support/judge/verdict.js";
import { writeRecords } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { seededRandom } from "../support/seed.js";
import { RestartedService } from "../support/services/restarted-service.js";
import { stackFor } from "../support/services/stack.js";
import { median } from "../support/statistics.js";
import { waitFor } from "../support/wait.js";

const KILLS = long ? 500 : 100;
const SERIES = 16;
/** Records per second of each of the two topics while the producer lives; killed like the others, it reaches about half. */
const RATE = 900;
/**
 * Linear models alone: refitting trees at every record would take the processor that the rate needs. Verdicts are many, champions
 * fall more easily than is usual, and of the questions some are given up.
 */
const RACES = {
  ML_MODELS: "lin,ridge",
  VERDICT_EVERY: "10",
  RACE_ALPHA: "0.5",
  LABEL_QUESTIONS_MAX: "12",
  LABEL_WAIT_MS: "25000",
};
/** Series with late labels, which are sent beside the producer's. */
const LATE_SERIES = ["late0", "late1", "late2", "late3"];
const LATE_LENGTH = 2 * KILLS;
/** Kills are this far apart on average; a service takes several times as long to take over, so that they overlap. */
const GAP_MEAN_MS = 1000;

describe("a storm of SIGKILLs", function () {
  this.timeout(long ? 3_600_000 : 1_500_000);
  const stack = stackFor();

  it(`over all five services leaves the results of an undisturbed run (${KILLS} kills, several services down at a time)`, async () => {
    const { random, seed } = seededRandom();
    console.log(`      seed ${seed}`);
    const environment = { SERIES: String(SERIES), RATE: String(RATE), ...RACES };
    const services = SERVICE_NAMES.map((name) => new RestartedService(name, () => stack.start(name, environment)));
    const allCommitted = () =>
      waitFor("every service to commit", async () => {
        const committed = await Promise.all(services.map((service) => service.hasCommitted()));
        return committed.every(Boolean);
      });
    await allCommitted();
    const late = new Map(LATE_SERIES.map((key, k) => [key, lateStream(random, LATE_LENGTH, [0, 4, 25, 8][k])]));
    const longest = Math.max(...[...late.values()].map(({ length }) => length));
    const share = Math.ceil(longest / KILLS);

    const begun = performance.now();
    const lateBegun = Date.now() - 3_600_000;
    let intoTransaction = 0;
    let ofWorking = 0;
    let overlapping = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const due = performance.now() - GAP_MEAN_MS * Math.log(1 - random());
      // Meanwhile every service is looked at, so that the first commit of a successor is seen soon after it happens.
      while (performance.now() < due) {
        await Promise.all(services.map((service) => service.hasCommitted()));
        await delay(50);
      }
      const working = await Promise.all(services.map((service) => service.hasCommitted()));
      const able = services.filter((_, at) => working[at]);
      // Three of four kills hit a service at its work, the fourth any, restoring ones too.
      const among = random() < 0.75 && able.length > 0 ? able : services;
      const victim = among[Math.floor(random() * among.length)];
      if (able.includes(victim)) ofWorking++;
      if (able.length < services.length) overlapping++;
      if (await victim.inTransaction()) intoTransaction++;
      await victim.kill();
      const next = [...late].flatMap(([key, log]) =>
        log
          .slice(kill * share, (kill + 1) * share)
          .flatMap((of) => lateRawRecords(key, { ...of, timestamp: lateBegun + of.timestamp })),
      );
      await writeRecords(stack.brokers, next);
    }
    await allCommitted();
    const seconds = (performance.now() - begun) / 1000;

    assert.equal(await services[0].process.stop(), 0);
    const standstills = services.flatMap((service) => service.standstills);
    console.log(
      `      ${KILLS} kills in ${seconds.toFixed(0)} s, ${ofWorking} of services at work, ${intoTransaction} into an open transaction, ` +
        `${overlapping} while another was down`,
    );
    console.log(
      `      from kill to first commit of the successor: median ${median(standstills).toFixed(1)} s, ` +
        `worst ${Math.max(...standstills).toFixed(1)} s of ${standstills.length}`,
    );
    assert.ok(ofWorking * 2 >= KILLS, `only ${ofWorking} of ${KILLS} kills hit a service at work`);
    assert.ok(overlapping * 4 >= KILLS, `only ${overlapping} of ${KILLS} kills fell while another service was down`);

    assert.ok((await judge(stack.brokers, CHAIN, RACES)).equal);
    const rate = (await assertCountersFollow(stack.brokers, SERIES)) / seconds;
    console.log(
      `      ${rate.toFixed(0)} raw records per second of ${2 * RATE} asked for; ml-racer raced ${RACES.ML_MODELS}`,
    );
    for (const service of services.slice(1)) assert.equal(await service.process.stop(), 0);
  });
});
