/** Observations of the usual form are raced without text: results, state and counters are those of the way that any form goes. */
import assert from "node:assert/strict";
import { processAnyObservation } from "../../services/rls-racer/processor.js";
import { rlsRacer } from "../../services/rls-racer/service.js";
import { encodeObservation } from "../../shared/contract/schemas.js";
import { TopologyDriver } from "../driver/topology-driver.js";
import { observation, textRecord } from "../support/data/observations.js";
import { seededRandom } from "../support/seed.js";

/** Records that are compared; RACE_RECORDS asks for more. */
const RECORDS = Number(process.env.RACE_RECORDS ?? 4000);

const SERIES = ["s0", "s1", "s2", "s 3", "s/4", "", "é", 'a"b', "\n", "x".repeat(1024), "y".repeat(1025)];
const ODD = [0, -0, 5e-324, 1e150, -1e160, 1e200, 1e308, 2 ** 53 + 1, -1e21];
const MODELS = [
  "rls1:1.0,rls2:0.99",
  "rls2:0.99,last:lag=3,b:0.25,sgd",
  "holt,b:0.25,mean,rls1:1,rls2:0.9,sgd,last:lag=3",
];
const OTHER = [
  "",
  "[1]",
  "{}",
  '{"topic":"raw","series":"s0","i":1.5,"y":1,"x":[1]}',
  '{"topic":"a/b","series":"s","i":1,"y":1,"x":[1]}',
];

describe(`observations of the usual form, ${RECORDS.toLocaleString("en")} of them among others`, function () {
  this.timeout(600_000);
  const { seed, random } = seededRandom();
  const below = (count: number) => Math.floor(random() * count);
  const number = () => (random() < 0.005 ? ODD[below(ODD.length)] : 10 * random() - 5);
  before(() => console.log(`      seed ${seed}`));

  const text = (i: number): string | null => {
    const kind = random();
    if (kind < 0.005) return null;
    if (kind < 0.03) return OTHER[below(OTHER.length)];
    const place = random() < 0.8 ? below(5) : below(SERIES.length);
    const features = 1 + (place % 4) + (random() < 0.01 ? 1 : 0);
    const y = random() < 0.2 ? 1 : number();
    const of = observation({
      series: SERIES[place],
      i: random() < 0.9 ? i : below(9) - 4,
      y,
      x: Array.from({ length: features }, number),
    });
    return kind < 0.9 ? encodeObservation(of).toString() : JSON.stringify(of);
  };

  it("give the same as by the way of any form, through changed lists of models", async () => {
    const any = { ...rlsRacer, process: processAnyObservation };
    let drivers = [rlsRacer, any].map((service) => new TopologyDriver(service, { METRICS_SERIES_MAX: "3" }));
    let results = 0;
    for (let i = 0; i < RECORDS; i++) {
      if (i % 500 === 499) {
        const RLS_MODELS = MODELS[below(MODELS.length)];
        drivers = drivers.map((driver) => driver.restarted({ RLS_MODELS, METRICS_SERIES_MAX: "3" }));
      }
      const record = textRecord("dataLinearModel.observations", text(i), { offset: i });
      const [usual, plain] = drivers.map((driver) => driver.pipe(record));
      assert.deepEqual(usual, plain, `record ${i} of seed ${seed}`);
      results += usual.outputs.length;
    }
    assert.ok(results > RECORDS);
    assert.deepEqual(drivers[0].keys("race"), drivers[1].keys("race"));
    for (const key of drivers[0].keys("race")) {
      assert.deepEqual(drivers[0].bytes("race", key), drivers[1].bytes("race", key));
    }
    const [usual, plain] = await Promise.all(drivers.map(({ registry }) => registry.metrics()));
    assert.equal(usual, plain);
  });
});
