/** Every topic by name, with what is written to it. */

import type { OutputTopic } from "../service-definition.js";
import {
  type Estimate,
  encodeEstimate,
  encodeObservation,
  encodePrediction,
  encodeRlsPrediction,
  encodeStandings,
  type Observation,
  type Prediction,
  type RlsPrediction,
  type Standings,
} from "./schemas.js";
import { type Best, encodeBest, encodeVerdict, type Verdict } from "./verdict-schemas.js";

/** A rejected record of up to this size reaches the dead-letter topic with all its bytes. */
export const DEAD_LETTER_BYTES_MAX = 2 * 1024 * 1024;

/** Largest record that a service writes: a dead letter of the largest size with its headers. */
export const RECORD_BYTES_MAX = DEAD_LETTER_BYTES_MAX + 64 * 1024;

/** A result above this size, its key included, is refused before it is written: Kafka's usual limit is 1,048,588. */
export const RESULT_BYTES_MAX = 1_000_000;

export const LINEAR_TOPIC = "dataLinearModel";
export const NON_LINEAR_TOPIC = "dataNonLinearModel";
export const DEAD_LETTERS_TOPIC = "dead-letters";
/** Which dead letters were sent back to where they came from. */
export const REDRIVEN_TOPIC = "dead-letters-redriven";

const OBSERVATIONS = ".observations";
const compacted = { "cleanup.policy": "compact" } as const;

/** Text `[i, y, x1, ..., xn]`, as the notebook's producer sends it. */
export function rawTopic(name: string): OutputTopic<string> {
  return { name, config: {}, encode: (text) => Buffer.from(text) };
}

export function observationsTopic(raw: string): OutputTopic<Observation> {
  return { name: `${raw}${OBSERVATIONS}`, config: {}, record: "observation", encode: encodeObservation };
}

const BY_SERIES = "-by-series";

/**
 * Between an input and the state of its series, where records do not lie in the partition of their series: the raw records by the
 * series that they are of. The service alone writes and reads it.
 * @param application `<APPLICATION_ID>-<service>`
 */
export function bySeriesTopic(application: string, raw: string): OutputTopic<Buffer> {
  return { name: `${application}-${raw}${BY_SERIES}`, config: {}, encode: (value) => value };
}

/** Whether the deserializer writes a topic of this name: a reader of it can count on its beginning. */
export function isObservationsTopic(name: string): boolean {
  return name.endsWith(OBSERVATIONS);
}

/** The raw topic of a topic of observations. */
export function rawTopicOf(observations: string): string {
  return observations.slice(0, -OBSERVATIONS.length);
}

export const topics = {
  estimates: {
    name: "estimates",
    config: {},
    record: "estimate",
    encode: encodeEstimate,
  } satisfies OutputTopic<Estimate>,
  rlsPredictions: {
    name: "rls-predictions",
    config: {},
    record: "rlsPrediction",
    encode: encodeRlsPrediction,
  } satisfies OutputTopic<RlsPrediction>,
  rlsStandings: {
    name: "rls-standings",
    config: compacted,
    record: "standings",
    encode: encodeStandings,
  } satisfies OutputTopic<Standings>,
  rlsVerdicts: {
    name: "rls-verdicts",
    config: compacted,
    record: "verdict",
    encode: encodeVerdict,
  } satisfies OutputTopic<Verdict>,
  rlsBest: { name: "rls-best", config: {}, record: "best", encode: encodeBest } satisfies OutputTopic<Best>,
  mlPredictions: {
    name: "ml-predictions",
    config: {},
    record: "mlPrediction",
    encode: encodePrediction,
  } satisfies OutputTopic<Prediction>,
  mlStandings: {
    name: "ml-standings",
    config: compacted,
    record: "standings",
    encode: encodeStandings,
  } satisfies OutputTopic<Standings>,
  mlVerdicts: {
    name: "ml-verdicts",
    config: compacted,
    record: "verdict",
    encode: encodeVerdict,
  } satisfies OutputTopic<Verdict>,
  mlBest: { name: "ml-best", config: {}, record: "best", encode: encodeBest } satisfies OutputTopic<Best>,
} as const;
