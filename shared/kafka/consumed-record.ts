/** A record as a consumer hands it over. */
import type { RecordHeaders } from "../service-definition.js";
import type { Offset } from "./topic-partition.js";

export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  /** In ms since the epoch. */
  readonly timestamp?: number;
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders | undefined;
}
