/** Records and observations for tests. */
import { type CompleteObservation, encodeObservation, type Observation } from "../../../shared/contract/schemas.js";
import type { InputRecord } from "../../../shared/service-definition.js";

/** An observation of series s1 of dataLinearModel, unless it says otherwise. */
export function observation(parts: Partial<CompleteObservation>): CompleteObservation {
  return { topic: "dataLinearModel", series: "s1", i: 0, y: 0, x: [0], ...parts };
}

/** A record of text; its partition is 0, its offset 0 and its timestamp 0 unless it says otherwise. */
export function textRecord(topic: string, text: string | null, parts: Partial<InputRecord> = {}): InputRecord {
  const value = text === null ? null : Buffer.from(text);
  return { topic, partition: 0, offset: 0, timestamp: 0, key: null, value, ...parts };
}

/** The record of an observation as the deserializer writes it. */
export function observationRecord(of: Observation, parts: Partial<InputRecord> = {}): InputRecord {
  const text = encodeObservation(of).toString();
  return textRecord(`${of.topic}.observations`, text, { key: Buffer.from(of.series), ...parts });
}
