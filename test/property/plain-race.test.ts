/** A race on its stored bytes beside the same race as live objects: equal results and equal numbers, whatever comes. */
import assert from "node:assert/strict";
import { checkRace } from "../../services/rls-racer/packed-race.js";
import { raceCodec } from "../../services/rls-racer/race-codec.js";
import { NU_MIN } from "../../shared/models/rls.js";
import { observation } from "../support/data/observations.js";
import { TestRace, withoutJudge } from "../support/data/test-race.js";
import { newRace, raceStep, withModels } from "../support/plain/race.js";
import { encodeRace } from "../support/plain/race-codec.js";
import { seededRandom } from "../support/seed.js";

/** Records that are compared; RACE_RECORDS asks for more. */
const RECORDS = Number(process.env.RACE_RECORDS ?? 30_000);
/** Records of one series, after which another begins. */
const SERIES_LENGTH = 400;

const { seed, random } = seededRandom();
const whole = (below: number) => Math.floor(random() * below);
const ODD = [0, -0, 5e-324, 1e150, -1e160, 1e200, 1e308, 2 ** 53 + 1];
const number = () => (random() < 0.003 ? ODD[whole(ODD.length)] : 10 * random() - 5);

/** Lists of models that a series may have, one after another: the same ones, others, in another order, other factors. */
function modelList() {
  const names = ["a", "b", "c", "dd", "ee"].filter(() => random() < 0.6);
  if (random() < 0.5) names.reverse();
  if (names.length === 0) names.push("a");
  return names.map((name) => ({ name, nu: [1, 1, 0.99, 0.9, 0.25, NU_MIN][whole(6)] }));
}

describe(`a race on its stored bytes over ${RECORDS.toLocaleString("en")} records`, function () {
  this.timeout(600_000);
  before(() => console.log(`      seed ${seed}`));

  it("gives the results and keeps the numbers of the race that is live objects, bit for bit", () => {
    const seen = { refusals: 0, resets: 0, standings: 0, lists: 0 };
    for (let left = RECORDS; left > 0; left -= SERIES_LENGTH) {
      let models = modelList();
      const features = 1 + whole(6);
      const isConstant = random() < 0.3;
      const packed = new TestRace(models, random() < 0.5);
      let plain = newRace(models, features);
      for (let i = 0; i < Math.min(left, SERIES_LENGTH); i++) {
        if (random() < 0.01) {
          models = modelList();
          seen.lists++;
          packed.models = models;
          plain = withModels(plain, models);
        }
        const x = Array.from({ length: features }, isConstant ? () => 1 : number);
        const one = observation({ i, y: isConstant ? 1 : number(), x });
        const expected = raceStep(plain, one);
        assert.deepEqual(packed.step(one), expected);
        seen.refusals += expected.predictions.filter(({ reason }) => reason !== undefined).length;
        seen.resets += expected.resets.length;
        seen.standings += expected.standings === undefined ? 0 : 1;
        const body = packed.body() ?? Buffer.alloc(0);
        checkRace(body);
        const converted = raceCodec.older?.[2]?.(encodeRace(plain));
        assert.ok(converted !== undefined && withoutJudge(body).equals(converted), `record ${i} of seed ${seed}`);
      }
    }
    for (const [what, count] of Object.entries(seen)) assert.ok(count > RECORDS / 1000, `${what}: ${count}`);
  });
});
