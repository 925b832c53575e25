/** The order of a race's models, kept in its stored bytes. Pure: nothing but the race that is passed in changes. */
import { type Contestant, type Ranking, rank } from "../../shared/race/score.js";
import type { PackedValue } from "../../shared/service-definition.js";
import { MSE, modelAt, modelsOf, N, NONE, namesOf, orderAt, RANKED, SINCE } from "./packed-race.js";

/** The order where it has changed, undefined where it still holds. @param i of the observation at hand */
export function orderAfter(race: PackedValue, i: number): Ranking | undefined {
  return stillHolds(race) ? undefined : decide(race, i);
}

/** Whether the order decided last is the one that the scores give: asked at every record, so it neither sorts nor allocates. */
function stillHolds(race: PackedValue): boolean {
  const { doubles, at } = race;
  const models = modelsOf(race);
  if (doubles[at + RANKED] !== models) return false;
  const order = orderAt(race);
  let ahead = doubles[order];
  if (ahead === NONE) return false;
  for (let k = 1; k < models; k++) {
    const next = doubles[order + k];
    if (next === NONE || !isAhead(doubles, modelAt(race, ahead), modelAt(race, next), ahead < next)) return false;
    ahead = next;
  }
  return true;
}

/** Whether model `a` stands before model `b`: by mse, models never scored last, ties as they are listed. */
function isAhead(doubles: Float64Array, a: number, b: number, isListedFirst: boolean): boolean {
  const aScored = doubles[a + N] > 0;
  const bScored = doubles[b + N] > 0;
  if (!aScored || !bScored) return aScored === bScored ? isListedFirst : aScored;
  return doubles[a + MSE] === doubles[b + MSE] ? isListedFirst : doubles[a + MSE] < doubles[b + MSE];
}

function decide(race: PackedValue, i: number): Ranking {
  const { doubles, at } = race;
  const names = namesOf(race);
  const ranking = rank(rankingOf(race, names), contestantsOf(race, names), i);
  for (const [k, name] of ranking.order.entries()) doubles[orderAt(race) + k] = names.indexOf(name);
  doubles[at + RANKED] = names.length;
  doubles[at + SINCE] = ranking.since;
  return ranking;
}

/** The order decided last; undefined before the first observation. @param names of the race's models */
export function rankingOf(race: PackedValue, names: readonly string[]): Ranking | undefined {
  const { doubles, at } = race;
  if (doubles[at + RANKED] === 0) return undefined;
  const order = names.map((_, k) => names[doubles[orderAt(race) + k]] ?? "");
  return { order, since: doubles[at + SINCE] };
}

/** The models of a race as its score sees them. @param names of the race's models */
export function contestantsOf(race: PackedValue, names: readonly string[]): Contestant[] {
  return names.map((name, m) => {
    const model = modelAt(race, m);
    return { name, mse: race.doubles[model + MSE], n: race.doubles[model + N] };
  });
}
