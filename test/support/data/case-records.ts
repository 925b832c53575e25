/** Records that users of other systems really sent, from `test/cases/`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { RawRecord } from "../kafka/kafka-topics.js";

const lineSchema = z.strictObject({
  key: z.string().optional(),
  keyHex: z.string().optional(),
  value: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])).optional(),
});

/**
 * The records of a case, for a topic.
 * @param name of the file, without `.records.jsonl`
 */
export function caseRecords(name: string, topic: string): RawRecord[] {
  const path = fileURLToPath(new URL(`../../../../test/cases/${name}.records.jsonl`, import.meta.url));
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const { key, keyHex, value, headers = [] } = lineSchema.parse(JSON.parse(line));
    return {
      topic,
      key: keyHex === undefined ? (key ?? null) : Buffer.from(keyHex, "hex"),
      value,
      headers: headers.map(([header, text]) => ({ [header]: text })),
    };
  });
}
