/** What a folder says of itself: written with every batch, and read before anything else of it. */
import { z } from "zod";
import { StoreError } from "../../errors.js";
import { FolderDamagedError } from "../../folder-lock.js";
import { positionAt } from "../../kafka/topic-partition.js";
import { refuseUnknownFormat } from "./stored-value.js";

/** Raised when a program that reads today's manifest would misread the new one. */
export const MANIFEST_FORMAT = 2;
/** Format 1 knows no {@link Manifest.ahead}. */
const FORMATS = { format: MANIFEST_FORMAT, older: { 1: true } };

const positionsSchema = z.record(z.string(), z.number().int().transform(positionAt));

const manifestSchema = z.object({
  format: z.number().int(),
  /** Application id of the service: a folder of another one is not ours. */
  application: z.string(),
  partition: z.number().int(),
  /** Topic ids of inputs and changelogs: a topic deleted and made again has another one. */
  topicIds: z.record(z.string(), z.string()),
  /** Next offset to process, by input topic. */
  positions: positionsSchema,
  /** By store: everything in the changelog before this offset is in the folder. */
  changelogPositions: positionsSchema,
  /** By store: the newest format of its values, so that an older program refuses the folder before it reads one. */
  formats: z.record(z.string(), z.number().int()).optional(),
  /** Tasks of the service when it was written; another number than today's means that state has moved between them since. */
  tasks: z.number().int().optional(),
  /** Every key of the folder stands whole in the changelog: no program that cut keys has written it, or it was mended. */
  wholeKeys: z.literal(true).optional(),
  /** Some values come from a changelog in which keys were cut. */
  cutKeys: z.literal(true).optional(),
  /** Written by a standby: the last commit in the folder may be there in part, and `positions` may be those of its end. */
  standby: z.literal(true).optional(),
  /** Values may be newer than `positions`: a pass of task/folder-saver.ts or a restore was cut short. */
  ahead: z.literal(true).optional(),
});
const formatSchema = z.object({ format: z.number().int() });

/** See {@link manifestSchema} for its members. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest's bytes in the folder. */
export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify(manifest));
}

/**
 * Reads what {@link encodeManifest} wrote.
 * @throws {FolderDamagedError} the bytes are something else
 * @throws {StoreError} another program wrote them, in a format that this one does not read
 */
export function decodeManifest(bytes: Buffer, directory: string): Manifest {
  try {
    const said: unknown = JSON.parse(bytes.toString("utf8"));
    refuseUnknownFormat(FORMATS, formatSchema.parse(said).format, `${directory}: its manifest`);
    return manifestSchema.parse(said);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new FolderDamagedError(`${directory}: its manifest cannot be read`, { cause: error });
  }
}
