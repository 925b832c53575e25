/** Last values against a plain reading of the whole history, whatever comes: refused records, questions, labels, restarts. */
import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { textRecord } from "../support/data/observations.js";
import { seededRandom } from "../support/seed.js";

/** Streams that are compared; LAST_STREAMS asks for more. */
const STREAMS = Number(process.env.LAST_STREAMS ?? 40);
const LENGTH = 100;
const RAW = "dataLinearModel";
const ENVIRONMENT = { INPUT_MISSING: "last" };

type Features = readonly (number | null)[];

describe(`${STREAMS} streams with features that are missing`, function () {
  this.timeout(600_000);
  const { seed, random } = seededRandom();
  before(() => console.log(`      seed ${seed}`));

  /** The features of the newest record, each as the newest record that has it says. */
  const filled = (history: readonly Features[], features: number): Features =>
    Array.from({ length: features }, (_, k) => history.findLast((x) => x[k] !== null)?.[k] ?? null);

  it("become the observations that a reading of the whole history gives", () => {
    let forwarded = 0;
    let kept = 0;
    for (let stream = 0; stream < STREAMS; stream++) {
      const features = 1 + Math.floor(random() * 4);
      let driver = new TopologyDriver(deserializer, ENVIRONMENT, { roundTrip: random() < 0.5 });
      const histories: Record<string, Features[]> = { a: [], b: [] };
      for (let i = 0; i < LENGTH; i++) {
        if (random() < 0.05) driver = driver.restarted(ENVIRONMENT);
        const series = random() < 0.5 ? "a" : "b";
        const pipe = (text: string) => driver.pipe(textRecord(RAW, text, { key: Buffer.from(series), offset: i }));
        const where = `record ${i} of stream ${stream}, seed ${seed}`;
        // Its other features are not known by this.
        if (random() < 0.1) assert.equal(pipe(`[${i}, 1e999${", 9".repeat(features)}]`).deadLetters.length, 1, where);
        const label = random() < 0.1 && (histories[series]?.length ?? 0) > 0;
        const x = Array.from({ length: features }, () => (random() < 0.4 ? null : random()));
        const y = random() < 0.2 ? null : random();
        const { outputs, deadLetters } = pipe(JSON.stringify(label ? { i, y: 1 } : { i, y, x }));
        assert.deepEqual(deadLetters, [], where);
        if (!label) histories[series]?.push(x);
        const all = filled(histories[series] ?? [], features);
        const expected = label ? { i, y: 1 } : { i, y, x: all };
        const isKept = all.includes(null);
        assert.deepEqual(
          outputs.map(({ value }): unknown => JSON.parse(value.toString())),
          isKept ? [] : [{ topic: RAW, series, ...expected }],
          where,
        );
        if (isKept) kept++;
        else forwarded++;
      }
    }
    console.log(`      ${forwarded} observations, ${kept} records kept until each feature had a value`);
    assert.ok(forwarded > STREAMS * 50 && kept > STREAMS / 4, `${forwarded} and ${kept}`);
  });
});
