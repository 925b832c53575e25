/** The observation in a record, for every service that reads what the deserializer writes. */
import { RecordError } from "../errors.js";
import type { InputRecord } from "../service-definition.js";
import { isTopicName } from "../setting-kinds.js";
import { decodeObservation, type Observation } from "./schemas.js";

/** Longest name of a series, in bytes: it is part of keys, of addresses and of every result. */
export const SERIES_BYTES_MAX = 1024;

/**
 * The observation in a record: with target and features, a question, or a label.
 * @throws {RecordError} `not-an-observation`: the record has no value, or its value is no observation
 */
export function observationOf({ value }: InputRecord): Observation {
  if (value === null)
    throw new RecordError("not-an-observation", "expected an observation, got a record without a value");
  const observation = decoded(value);
  const { topic, series } = observation;
  // Another writer than the deserializer may have written this record, and both names are part of state keys.
  if (!isTopicName(topic)) throw notOne("as its topic the name of one", topic);
  if (3 * series.length > SERIES_BYTES_MAX && Buffer.byteLength(series) > SERIES_BYTES_MAX)
    throw notOne(`a series of at most ${SERIES_BYTES_MAX} bytes`, series);
  return observation;
}

function decoded(value: Buffer): Observation {
  try {
    return decodeObservation(value);
  } catch (cause) {
    throw new RecordError(
      "not-an-observation",
      `expected an observation as the deserializer writes it, got ${value.length} bytes that are none`,
      { cause },
    );
  }
}

function notOne(expected: string, got: string): RecordError {
  return new RecordError(
    "not-an-observation",
    `expected ${expected}, got ${Buffer.byteLength(got)} bytes that are none`,
  );
}
