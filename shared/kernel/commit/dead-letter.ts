/** What a rejected record becomes: its own bytes, with reason and origin in headers. */
import { createHash } from "node:crypto";
import { DEAD_LETTER_HEADERS } from "../../contract/dead-letter.js";
import { DEAD_LETTER_BYTES_MAX } from "../../contract/topics.js";
import { RecordError } from "../../errors.js";
import { KafkaCode } from "../../kafka/kafka-error.js";
import { besideOwn, headerBytes, travelling } from "../../kafka/record-headers.js";
import type { RecordHeaders } from "../../service-definition.js";
import type { LetterForm, RejectedRecord, Rejection } from "../task/rejection.js";

/** A record of the topic of dead letters. */
export interface DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The dead letter's own, then the record's. */
  readonly headers: RecordHeaders;
}

/** Reason of a record that failed in process() by anything but a RecordError. */
export const PROCESS_FAILED = "process-failed";

/** The reason of a rejection, as it stands in the header and in the metric. */
export function reasonOf(error: Error): string {
  return error instanceof RecordError ? error.reason : PROCESS_FAILED;
}

/** The form to try where the topic of dead letters has refused a letter; undefined where none is left. */
export function nextForm(form: LetterForm, code: number): LetterForm | undefined {
  if (form === "whole" && code === KafkaCode.INVALID_TIMESTAMP) return "restamped";
  return form === "envelope" ? undefined : "envelope";
}

/**
 * The dead letter of a record, with the record's own headers after those of the product. One too large for the topic is replaced
 * by an envelope with its length and SHA-256, and such of its headers as go along to results.
 */
export function deadLetter(service: string, record: RejectedRecord, { error, form }: Rejection): DeadLetter {
  const own: [string, string][] = [
    ["reason", reasonOf(error)],
    ["message", error.message.slice(0, 1000)],
    ["service", service],
    ["topic", record.topic],
  ];
  for (const name of ["partition", "offset", "timestamp"] as const) {
    const value = record[name];
    if (value !== undefined) own.push([name, String(value)]);
  }
  const headers = own.map(([name, text]) => ({ [name]: Buffer.from(text) }));
  const raw = besideOwn(record.headers ?? [], DEAD_LETTER_HEADERS);
  const bytes = (record.value?.length ?? 0) + (record.key?.length ?? 0) + headerBytes(raw);
  if (bytes <= DEAD_LETTER_BYTES_MAX && form !== "envelope")
    return { key: record.key, value: record.value, headers: [...headers, ...raw] };
  const length = record.value?.length ?? 0;
  const sha256 = createHash("sha256")
    .update(record.value ?? "")
    .digest("hex");
  return {
    key: null,
    value: Buffer.from(JSON.stringify({ length, sha256 })),
    headers: [...headers, { envelope: Buffer.from("true") }, ...(travelling(raw).headers ?? [])],
  };
}
