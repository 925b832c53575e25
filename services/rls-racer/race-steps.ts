/**
 * How a race is logged while its observations are plain: each by itself, and a restore learns from it again. A step's body is
 * doubles: its number, the time of the series, i, then the row y, x1, ..., xn; with 10 features 112 bytes where a race of two models
 * has 4 kB.
 *
 * So the arithmetic of {@link raceStep} is a part of the format: the same observation has to lead to the same bits in every version
 * that reads it. Whoever changes a formula or an order of summation raises the format of the race (race-codec.ts), and steps of the
 * older one are refused.
 */
import { NUMBER } from "../../shared/contract/observation-view.js";
import type { PackedSteps, PackedValue } from "../../shared/service-definition.js";
import { closedBefore } from "./packed-closed.js";
import { COUNT, featuresOf, RECENT, ROWS, STEPS, slotOf, TIME } from "./packed-race.js";
import { raceStep } from "./race.js";

const DOUBLE_BYTES = 8;
/** Places of a step's doubles. */
const STEP_TIME = 1;
const STEP_I = 2;
const STEP_ROW = 3;

/** See the file's head. Steps of format 5 are today's; those of format 4 are of a race without a judge: none sees them. */
export const raceSteps: PackedSteps = {
  max: RECENT,
  count: ({ doubles, at }) => doubles[at + STEPS],
  bytes: (race) => DOUBLE_BYTES * doublesOf(race),

  write(race, step, out, to) {
    const { bytes, doubles, at } = race;
    const age = doubles[at + STEPS] - step;
    const row = at + ROWS + slotOf(doubles[at + COUNT] - age) * (featuresOf(race) + 1);
    out.writeDoubleLE(step, to);
    // Steps that are logged together are restored together: the newest of their times stands for all, and an i that has no place
    // any more is needed by none.
    out.writeDoubleLE(doubles[at + TIME], to + DOUBLE_BYTES * STEP_TIME);
    out.writeDoubleLE(closedBefore(race, age - 1), to + DOUBLE_BYTES * STEP_I);
    bytes.copy(out, to + DOUBLE_BYTES * STEP_ROW, DOUBLE_BYTES * row, DOUBLE_BYTES * (row + featuresOf(race) + 1));
    return DOUBLE_BYTES * doublesOf(race);
  },

  apply: (race, body) => apply(race, body, true),
  older: { 4: (race, body) => apply(race, body, false), 5: (race, body) => apply(race, body, true) },
};

function apply(race: PackedValue, body: Buffer, isJudged: boolean): boolean {
  const { doubles, at } = race;
  const length = DOUBLE_BYTES * doublesOf(race);
  if (body.length !== length) throw new RangeError(`expected a step of ${length} bytes, got ${body.length}`);
  const step = body.readDoubleLE(0);
  if (step < doubles[at + STEPS]) return false;
  if (step !== doubles[at + STEPS]) throw new RangeError(`expected step ${doubles[at + STEPS]} of a race, got ${step}`);
  doubles[at + TIME] = body.readDoubleLE(DOUBLE_BYTES * STEP_TIME);
  raceStep(race, observedOf(body), undefined, isJudged);
  if (doubles[at + STEPS] === step + 1) return true;
  throw new RangeError(`expected step ${step} of a race to be of a plain observation`);
}

function doublesOf(race: PackedValue): number {
  return STEP_ROW + featuresOf(race) + 1;
}

/** Working memory: i, y, x1, ..., xn of the step at hand. It grows to the longest step so far. */
let observed = new Float64Array(0);

function observedOf(body: Buffer): Float64Array {
  const row = body.length / DOUBLE_BYTES - STEP_ROW;
  if (observed.length < NUMBER.y + row) observed = new Float64Array(NUMBER.y + row);
  observed[NUMBER.i] = body.readDoubleLE(DOUBLE_BYTES * STEP_I);
  for (let k = 0; k < row; k++) observed[NUMBER.y + k] = body.readDoubleLE(DOUBLE_BYTES * (STEP_ROW + k));
  return observed;
}
