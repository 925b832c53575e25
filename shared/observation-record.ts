/** The observation in a record, for every service that reads what the deserializer writes. */
import { RecordError } from "./errors.js";
import { decodeObservation, type Observation } from "./schemas.js";
import type { InputRecord } from "./service-definition.js";

/** @throws {RecordError} `not-an-observation`: the record has no value, or another one */
export function observationOf({ value }: InputRecord): Observation {
  if (value === null)
    throw new RecordError("not-an-observation", "expected an observation, got a record without a value");
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
