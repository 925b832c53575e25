/** Lags against a plain reading of the whole history, whatever comes: refused records, repeats, late labels, restarts. */
import assert from "node:assert/strict";
import { deserializer } from "../../services/deserializer/service.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { textRecord } from "../support/data/observations.js";
import { seededRandom } from "../support/seed.js";

/** Streams that are compared; LAG_STREAMS asks for more. */
const STREAMS = Number(process.env.LAG_STREAMS ?? 60);
const LENGTH = 120;
const RAW = "dataLinearModel";

interface Shape {
  readonly lags: number;
  /** Counts by feature, from 1. */
  readonly lagsOf: readonly (readonly [feature: number, count: number])[];
  readonly ownFeatures: number;
}

interface Given {
  readonly i: number | undefined;
  readonly y: number | null;
  readonly x: readonly number[];
}

/** All that was said of one number so far, the oldest first, none of it ever dropped. */
type History = { readonly i: number; value: number }[];

const newest = (history: History, count: number): History => (count === 0 ? [] : history.slice(-count));

/** The whole history of a series, and what its next record becomes. */
class PlainSeries {
  readonly #shape: Shape;
  readonly #targets: History = [];
  readonly #features: History[];
  #lastI = -1;
  #raced = false;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#features = shape.lagsOf.map(() => []);
  }

  /** The observation of a record; undefined where there is none. */
  take({ i: said, y, x }: Given): { i: number; y: number | null; x?: number[] } | undefined {
    const { lags, lagsOf, ownFeatures } = this.#shape;
    const i = said ?? this.#lastI + 1;
    this.#lastI = i;
    const known = newest(this.#targets, lags).find((one) => one.i === i);
    const all = [newest(this.#targets, lags), ...this.#features.map((history, k) => newest(history, lagsOf[k][1]))];
    const enough = all.every((history, k) => history.length === (k === 0 ? lags : lagsOf[k - 1][1]));
    const complete = enough && x.length === ownFeatures && (known === undefined || y === null);
    const features = [...x, ...all.flatMap((history) => history.map(({ value }) => value).reverse())];
    this.#raced ||= complete;
    if (y !== null && known !== undefined) known.value = y;
    else if (y !== null) this.#targets.push({ i, value: y });
    for (const [k, [feature, count]] of lagsOf.entries()) {
      const isThere = newest(this.#features[k], count).some((one) => one.i === i);
      if (x.length > 0 && !isThere) this.#features[k].push({ i, value: x[feature - 1] });
    }
    if (complete) return { i, y, x: features };
    return this.#raced && y !== null ? { i, y } : undefined;
  }
}

describe(`${STREAMS} streams with lags`, function () {
  this.timeout(600_000);
  const { seed, random } = seededRandom();
  const below = (count: number) => Math.floor(random() * count);
  before(() => console.log(`      seed ${seed}`));

  function newShape(): Shape {
    const ownFeatures = below(3);
    const lagsOf = Array.from({ length: ownFeatures }, (_, k) => [k + 1, 1 + below(4)] as const);
    const lags = below(6);
    return { lags: lags === 0 && lagsOf.length === 0 ? 1 : lags, lagsOf: lagsOf.reverse(), ownFeatures };
  }

  function newRecord(at: number, ownFeatures: number): Given {
    const i = random() < 0.7 ? at : Math.max(0, at - below(8));
    const x = Array.from({ length: ownFeatures }, () => 2 * random() - 1);
    const kind = at === 0 ? 1 : random();
    if (kind < 0.2) return { i, y: null, x };
    if (kind < 0.3) return { i, y: random(), x: [] };
    return { i: kind < 0.4 && ownFeatures === 0 ? undefined : i, y: random(), x };
  }

  function textOf({ i, y, x }: Given): string {
    if (i === undefined) return String(y);
    if (x.length > 0 && random() < 0.7) return `[${[i, String(y), ...x].join(", ")}]`;
    return JSON.stringify({ i, y, ...(x.length === 0 ? {} : { x }) });
  }

  it("become the observations that a reading of the whole history gives", () => {
    let complete = 0;
    let withoutFeatures = 0;
    for (let stream = 0; stream < STREAMS; stream++) {
      const shape = newShape();
      const environment = {
        LAGS: String(shape.lags),
        LAGS_OF: shape.lagsOf.map(([feature, count]) => `${feature}:${count}`).join(","),
      };
      let driver = new TopologyDriver(deserializer, environment, { roundTrip: random() < 0.5 });
      const series = ["a", "b"].map((name) => ({ name, plain: new PlainSeries(shape), count: 0 }));
      for (let offset = 0; offset < LENGTH; offset++) {
        if (random() < 0.05) driver = driver.restarted(environment);
        const one = series[below(series.length)];
        const pipe = (text: string) => driver.pipe(textRecord(RAW, text, { key: Buffer.from(one.name), offset }));
        if (one.count > 0 && random() < 0.1) {
          const refused = ["[1, 2, 3, 4, 5]", "[1.5, 2]", "x", '{"i": 1, "y": 1e999}'][below(4)];
          assert.equal(pipe(refused).deadLetters.length, 1, refused);
        }
        const given = newRecord(one.count, shape.ownFeatures);
        one.count++;
        const got = pipe(textOf(given));
        const where = `record ${offset} of stream ${stream}, seed ${seed}`;
        assert.deepEqual(got.deadLetters, [], where);
        const expected = one.plain.take(given);
        assert.deepEqual(
          got.outputs.map(({ value }): unknown => JSON.parse(value.toString())),
          expected === undefined ? [] : [{ topic: RAW, series: one.name, ...expected }],
          where,
        );
        if (expected?.x !== undefined) complete++;
        else if (expected !== undefined) withoutFeatures++;
      }
    }
    console.log(`      ${complete} observations with features, ${withoutFeatures} without`);
    assert.ok(complete > STREAMS * 20 && withoutFeatures > STREAMS, `${complete} and ${withoutFeatures}`);
  });
});
