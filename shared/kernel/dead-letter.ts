/** What a rejected record becomes: its own bytes, with reason and origin in headers. */
import { createHash } from "node:crypto";
import { RecordError } from "../errors.js";
import type { InputRecord } from "../service-definition.js";
import { DEAD_LETTER_BYTES_MAX } from "../topics.js";
import type { Headers } from "./kafka-producer.js";

export interface DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** Reason of a record that failed in process() by anything but a RecordError. */
export const PROCESS_FAILED = "process-failed";

export function reasonOf(error: Error): string {
  return error instanceof RecordError ? error.reason : PROCESS_FAILED;
}

/**
 * The dead letter of a record. One too large for the topic is replaced by an envelope with its length and SHA-256.
 */
export function deadLetter(service: string, record: InputRecord, error: Error): DeadLetter {
  const own: [string, string][] = [
    ["reason", reasonOf(error)],
    ["message", error.message.slice(0, 1000)],
    ["service", service],
    ["topic", record.topic],
    ["partition", String(record.partition)],
    ["offset", String(record.offset)],
    ["timestamp", String(record.timestamp)],
  ];
  const headers = own.map(([name, text]) => ({ [name]: Buffer.from(text) }));
  const bytes = (record.value?.length ?? 0) + (record.key?.length ?? 0);
  if (bytes <= DEAD_LETTER_BYTES_MAX) return { key: record.key, value: record.value, headers };
  const length = record.value?.length ?? 0;
  const sha256 = createHash("sha256")
    .update(record.value ?? "")
    .digest("hex");
  return {
    key: null,
    value: Buffer.from(JSON.stringify({ length, sha256 })),
    headers: [...headers, { envelope: Buffer.from("true") }],
  };
}
