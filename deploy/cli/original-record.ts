/** The record that an envelope stands for, where the topic that it came from still has it. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Admin } from "../../shared/kafka/admin.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { logRanges } from "../../shared/kafka/log-range.js";
import { readRanges } from "../../shared/kafka/range-reader.js";
import { nextPosition, partitionKey, positionAt } from "../../shared/kafka/topic-partition.js";
import type { DeadLetterRecord } from "./dead-letter.js";

const envelopeSchema = z.object({ length: z.int().min(0), sha256: z.string() });

/**
 * @param letter an envelope, whose topic exists and has its partition
 * @returns the letter with key, value and headers of its record; undefined where that is not to be had, or is another one
 */
export async function withOriginal(
  options: ClientOptions,
  admin: Admin,
  letter: DeadLetterRecord,
): Promise<DeadLetterRecord | undefined> {
  const { topic, partition, offset } = letter.origin;
  const envelope = envelopeOf(letter.value);
  if (partition === undefined || offset === undefined || envelope === undefined) return undefined;
  const place = { topic, partition };
  const range = (await logRanges(admin, [place])).get(partitionKey(place));
  if (range === undefined || offset < range.begin || offset >= range.end) return undefined;
  let original: ConsumedRecord | undefined;
  const piece = { ...place, from: positionAt(offset), end: nextPosition(offset) };
  await readRanges(options, options.clientId, [piece], (record) => {
    if (record.offset === offset) original = record;
  });
  if (original === undefined) return undefined;
  const value = original.value ?? Buffer.alloc(0);
  const sha256 = createHash("sha256").update(value).digest("hex");
  if (value.length !== envelope.length || sha256 !== envelope.sha256) return undefined;
  return { ...letter, key: original.key ?? null, value: original.value, headers: original.headers ?? [] };
}

function envelopeOf(value: Buffer | null): z.infer<typeof envelopeSchema> | undefined {
  try {
    return envelopeSchema.parse(JSON.parse(String(value)));
  } catch {
    return undefined;
  }
}
