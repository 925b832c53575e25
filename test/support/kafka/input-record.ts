/** A consumed record as process() sees it. */
import type { ConsumedRecord } from "../../../shared/kafka/consumed-record.js";
import type { InputRecord } from "../../../shared/service-definition.js";

/** Every input record has a time and a key, 0 and null where Kafka has none. */
export function inputRecordOf({
  topic,
  partition,
  offset,
  timestamp,
  key,
  value,
  headers,
}: ConsumedRecord): InputRecord {
  return {
    topic,
    partition,
    offset,
    timestamp: timestamp ?? 0,
    key: key ?? null,
    value,
    headers,
  };
}
