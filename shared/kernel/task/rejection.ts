/** Records that go to the dead letters, and in which form. */
import type { RecordHeaders } from "../../service-definition.js";

/** A record that is rejected: one that was read, or one of a source's own, which never had a place in its topic. */
export interface RejectedRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders | undefined;
  readonly partition?: number;
  readonly offset?: number;
  readonly timestamp?: number;
}

/**
 * How much of a record its dead letter keeps: all; all but its timestamp, which the topic refuses; or its length and SHA-256
 * alone, where the topic refuses it. Headers tell the rest each time.
 */
export type LetterForm = "whole" | "restamped" | "envelope";

/** A record that is rejected whatever process() says of it. */
export interface Rejection {
  readonly error: Error;
  readonly form: LetterForm;
}
