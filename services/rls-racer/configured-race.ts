/** The race of a series with the models that are configured: found, made, or made again where they have changed. */
import { noFeatures, refuseOtherFeatures } from "../../shared/contract/features.js";
import { RecordError } from "../../shared/errors.js";
import { newRls } from "../../shared/models/rls.js";
import { newPackedValue, packedValueOf } from "../../shared/packed-value.js";
import { moveJudge } from "../../shared/race/judge/configured.js";
import type { JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { CHAMPION } from "../../shared/race/judge/places.js";
import type { LabelBounds } from "../../shared/race/ledger/label-settings.js";
import { type LedgerStores, mapForecasts } from "../../shared/race/ledger/ledger.js";
import type { PackedStateStore, PackedValue } from "../../shared/service-definition.js";
import type { RlsModel } from "./model-list.js";
import { beginOther, isMark } from "./other-models.js";
import { copyClosed } from "./packed-closed.js";
import {
  CLOSED_MAX,
  COUNT,
  featuresOf,
  hasParameters,
  isOf,
  judgeAt,
  layOut,
  modelAt,
  modelLength,
  NONE,
  namesOf,
  OPEN,
  orderAt,
  RECENT,
  RLS,
  ROWS,
  raceBytes,
  STEPS,
  setParameters,
} from "./packed-race.js";

/**
 * Most doubles in one race: 800 kB, so that its changelog record stays below Kafka's usual 1 MB. Two models may have
 * about 310 features.
 */
export const RACE_DOUBLES_MAX = 100_000;

/** Stores of the races: one race per series, and the ledgers. */
export interface RaceStores extends LedgerStores {
  readonly race: PackedStateStore;
}

/** What a race is made for. */
export interface RaceConfiguration extends Pick<LabelBounds, "labelDoneMax">, JudgeParameters {
  readonly models: readonly RlsModel[];
}

/** The race of a series, until the next one is asked for. */
export interface FoundRace {
  readonly race: PackedValue;
  /** A champion that is no longer listed: the first of the standings that is has just followed it. */
  readonly gone: string | undefined;
}

const found: { -readonly [K in keyof FoundRace]: FoundRace[K] } = { race: newPackedValue(0), gone: undefined };

/**
 * The race of a series, ready for {@link raceStep} on an observation with so many features: as it is, a new one where there is
 * none, or another with what is configured now. Nothing is changed where it throws.
 * @param i        of the record at hand
 * @param features undefined for a label without any
 * @throws {RecordError} `features-changed`: the series had another number of features; `too-many-features`: the race would pass
 *   {@link RACE_DOUBLES_MAX}; `no-features`: the series' first record has none
 */
export function raceFor(
  stores: RaceStores,
  key: string,
  configuration: RaceConfiguration,
  i: number,
  features: number | undefined,
): FoundRace {
  const { models, labelDoneMax } = configuration;
  found.gone = undefined;
  const before = stores.race.get(key);
  if (before === undefined) {
    if (features === undefined) throw noFeatures();
    checkSize(models, features);
    const empty = stores.race.create(key, raceBytes(models, features, labelDoneMax));
    found.race = newRace(empty, configuration, features);
    return found;
  }
  const same = isOf(before, models, labelDoneMax) && hasParameters(before, configuration);
  if (!same) checkSize(models, featuresOf(before));
  if (features !== undefined) refuseOtherFeatures(featuresOf(before), features);
  if (same) {
    stores.race.touch(before);
    found.race = before;
  } else {
    found.race = configured(stores, key, before, configuration, i);
  }
  return found;
}

/** Makes the race of a series that has no observation yet of bytes that are all 0. @returns it */
export function newRace(race: PackedValue, configuration: RaceConfiguration, features: number): PackedValue {
  const { models, labelDoneMax } = configuration;
  layOut(race, models, features, labelDoneMax);
  setParameters(race, configuration);
  for (const [m, { nu, parameters = {} }] of models.entries()) {
    const at = modelAt(race, m) + RLS;
    if (isMark(nu)) beginOther(race.doubles, at, features + 1, nu, parameters);
    else newRls(race.doubles, at, features + 1, nu);
  }
  return race;
}

/**
 * The race with the models, the places of closed i's and the parameters of the judge that are configured now. A model whose name is
 * new, or whose nu is not the one of the state, starts from the prior, with no score and no forecasts; one that is no longer listed is
 * dropped; the others keep what they have. The last ranking stays, so that a leader who still leads keeps its `since`.
 */
function configured(
  stores: RaceStores,
  key: string,
  from: PackedValue,
  configuration: RaceConfiguration,
  i: number,
): PackedValue {
  const { models, labelDoneMax } = configuration;
  const before = packedValueOf(from.bytes.subarray(8 * from.at, 8 * from.at + from.length));
  const features = featuresOf(before);
  const empty = stores.race.create(key, raceBytes(models, features, labelDoneMax));
  const race = newRace(empty, configuration, features);
  copyDoubles(before, before.at + COUNT, race, race.at + COUNT, CLOSED_MAX - COUNT);
  copyDoubles(before, before.at + ROWS, race, race.at + ROWS, RECENT * (features + 1));
  race.doubles[race.at + STEPS] += RECENT;
  const names = namesOf(before);
  const places = names.map((name) => models.findIndex((model) => model.name === name));
  const formerPlaces = new Array<number>(models.length).fill(NONE);
  for (const [m, place] of places.entries()) {
    const model = modelAt(before, m);
    if (place === NONE || before.doubles[model + RLS] !== models[place].nu) continue;
    copyDoubles(before, model, race, modelAt(race, place), modelLength(models[place], features + 1));
    formerPlaces[place] = m;
  }
  copyClosed(before, race, formerPlaces);
  if (race.doubles[race.at + OPEN] > 0) mapForecasts(stores, key, formerPlaces);
  const standings = names.map((_, k) => places[before.doubles[orderAt(before) + k]]);
  for (let k = 0; k < models.length; k++) race.doubles[orderAt(race) + k] = k < standings.length ? standings[k] : NONE;
  const first = standings.find((place) => place >= 0) ?? 0;
  const [fromAt, toAt] = [judgeAt(before), judgeAt(race)];
  if (moveJudge(before.doubles, fromAt, race.doubles, toAt, formerPlaces, first, i))
    found.gone = names[before.doubles[fromAt + CHAMPION]];
  return race;
}

function copyDoubles(from: PackedValue, fromAt: number, to: PackedValue, toAt: number, length: number): void {
  to.doubles.set(from.doubles.subarray(fromAt, fromAt + length), toAt);
}

function checkSize(models: readonly RlsModel[], features: number): void {
  const p = features + 1;
  const doubles = RECENT * p + models.reduce((sum, model) => sum + modelLength(model, p) - RLS + RECENT - 1, 0);
  if (doubles <= RACE_DOUBLES_MAX) return;
  throw new RecordError(
    "too-many-features",
    `expected a race of at most ${RACE_DOUBLES_MAX} numbers, got ${doubles} (${features} features, ${models.length} models): ` +
      "send fewer features or race fewer models",
  );
}
