/** A race on its stored bytes for tests: observations in, and what they lead to as records. */
import { type RaceStores, raceFor } from "../../../services/rls-racer/configured-race.js";
import type { RlsModel } from "../../../services/rls-racer/model-list.js";
import { judgeAt, modelsOf, STEPS, setParameters } from "../../../services/rls-racer/packed-race.js";
import { type Reset, raceStep } from "../../../services/rls-racer/race.js";
import { raceCodec } from "../../../services/rls-racer/race-codec.js";
import { changedStandings, predictionOf } from "../../../services/rls-racer/race-results.js";
import type { CompleteObservation, RlsPrediction, Standings } from "../../../shared/contract/schemas.js";
import { packedValueOf } from "../../../shared/packed-value.js";
import { newJudge } from "../../../shared/race/judge/places.js";
import { ledgerCodec, questionCodec } from "../../../shared/race/ledger/ledger-codecs.js";
import type { AnyCodec } from "../../../shared/service-definition.js";
import { type DriverStore, newDriverStore } from "../../driver/driver-store.js";

import { raceConfiguration } from "./race-configuration.js";

const KEY = "dataLinearModel/s1";

/** What an observation leads to. */
export interface TestStep {
  readonly predictions: readonly RlsPrediction[];
  readonly standings: Standings | undefined;
  readonly resets: readonly { readonly model: string; readonly reason: Reset }[];
}

/** See the file's head. */
export class TestRace {
  /** As configured now. */
  models: readonly RlsModel[];
  readonly #closedMax: number;
  readonly #store: DriverStore;
  readonly #ledger = newDriverStore(ledgerCodec as unknown as AnyCodec, false);
  readonly #questions = newDriverStore(questionCodec as unknown as AnyCodec, false);

  /**
   * @param roundTrip the race is checked and lies elsewhere at every step
   * @param closedMax places of closed i's; none, as before format 4, unless a test is about them
   */
  constructor(models: readonly RlsModel[], roundTrip = false, closedMax = 0) {
    this.models = models;
    this.#closedMax = closedMax;
    this.#store = newDriverStore(raceCodec, roundTrip);
  }

  /** A race that goes on from these bytes. */
  static of(body: Buffer, models: readonly RlsModel[]): TestRace {
    const race = new TestRace(models);
    race.#store.restore(KEY, body);
    return race;
  }

  /** @throws {RecordError} as raceFor does */
  step(observation: CompleteObservation): TestStep {
    const access = (store: DriverStore) => store.access(() => {});
    const stores = {
      race: access(this.#store),
      ledger: access(this.#ledger),
      questions: access(this.#questions),
    } as unknown as RaceStores;
    const { i, y, x } = observation;
    const { race } = raceFor(stores, KEY, raceConfiguration(this.models, this.#closedMax), i, x.length);
    const step = raceStep(race, Float64Array.of(i, y, ...x));
    return {
      predictions: this.models.map(({ name }, m) => predictionOf(race, m, name, observation, step)),
      standings: changedStandings(race, observation, step),
      resets: step.resets.map(({ m, reason }) => ({ model: this.models[m].name, reason })),
    };
  }

  /** Its stored bytes; undefined before the first observation. */
  body(): Buffer | undefined {
    return this.#store.bytes(KEY);
  }

  json(): unknown {
    return this.#store.json(KEY);
  }
}

/** The bytes of a race but for its number of steps and its judge, which older formats did not have. */
export function withoutJudge(body: Buffer): Buffer {
  const race = packedValueOf(body);
  race.doubles[STEPS] = 0;
  setParameters(race, { raceAlpha: 0, raceCoverage: 0, raceFading: 0, racePhi: 0 });
  newJudge(race.doubles, judgeAt(race), modelsOf(race));
  return race.bytes.subarray(0, race.length);
}
