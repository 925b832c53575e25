/** What every format of raw records gives. */

/** One raw record as its format reads it. */
export interface ParsedRecord {
  /** Name of the series, in whole characters; undefined where the record's key names it. */
  readonly series: string | undefined;
  /** A safe integer; undefined where the records of the series are counted. */
  readonly i: number | undefined;
  /** Finite; null in a question. */
  readonly y: number | null;
  /** Numbers of the features in their order, NaN where one is missing; undefined in a label without features, and where none are asked for. */
  readonly x: number[] | undefined;
  /** Milliseconds since the epoch, 0 and more; undefined where the record's own timestamp is its time. */
  readonly timestamp: number | undefined;
}

/** Why a field of a record cannot be taken. */
export type FieldFault =
  | "missing-value"
  | "not-a-number"
  | "not-finite"
  | "not-an-integer"
  | "not-a-time"
  | "number-as-text"
  | "boolean"
  | "nesting"
  | "too-long"
  | "key-too-long"
  | "key-not-utf8";
