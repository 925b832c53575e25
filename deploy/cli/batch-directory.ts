/**
 * Batches of a topic as directories, `<prefix>-<time in ms>[.<suffix>]/part-<partition>`, laid out as by Spark's saveAsTextFiles.
 * Each is either complete or absent, and holds the positions that it reaches.
 *
 * A batch is written in six steps. A process that dies before step 5 leaves a hidden folder: the next process removes it and reads
 * the same records again. After step 5 the records and their positions are in the batch. There is no state between the two.
 * 1 make a hidden folder beside the batch's place
 * 2 append lines to its parts
 * 3 write `_SUCCESS` last, with the next positions to read
 * 4 force parts and folder to the disk
 * 5 rename the folder to its place
 * 6 force the folder above it to the disk
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { positionAt } from "../../shared/kafka/topic-partition.js";

const SUCCESS = "_SUCCESS";
const PARTIAL = ".partial";

const successSchema = z.object({
  format: z.literal(1),
  topic: z.string(),
  /** Changes when a topic is deleted and made again. */
  topicId: z.string(),
  records: z.int().min(0),
  /** By partition: the next offset to read. */
  positions: z.array(z.int().min(0).transform(positionAt)),
});

/** What `_SUCCESS` says of a batch, as JSON. */
export type BatchSummary = z.infer<typeof successSchema>;

/** Where batches go: the folder, the start of their names, and what follows the time, dot included. */
export interface BatchPlace {
  readonly folder: string;
  readonly name: string;
  readonly ending: string;
}

/** A complete batch. `time` is its interval's end in milliseconds since 1970. */
export interface SavedBatch {
  readonly path: string;
  readonly time: number;
  readonly summary: BatchSummary;
}

/** @param suffix without its dot; undefined for none */
export function batchPlace(prefix: string, suffix: string | undefined): BatchPlace {
  return { folder: dirname(prefix), name: basename(prefix), ending: suffix === undefined ? "" : `.${suffix}` };
}

/** Path of the batch of a time. */
export function batchPath({ folder, name, ending }: BatchPlace, time: number): string {
  return join(folder, `${name}-${time}${ending}`);
}

/** Path of a folder whose LevelDB lock is held by the process that writes batches here. */
export function lockPath({ folder, name, ending }: BatchPlace): string {
  return join(folder, `.${name}${ending}.lock`);
}

/**
 * The batch to go on from, undefined where there is none.
 * @throws {Error} the newest directory of this name has no `_SUCCESS` that tells positions: something else wrote it
 */
export function newestBatch(place: BatchPlace): SavedBatch | undefined {
  if (!existsSync(place.folder)) return undefined;
  const times = readdirSync(place.folder).flatMap((entry) => timeOf(entry, place) ?? []);
  if (times.length === 0) return undefined;
  const time = Math.max(...times);
  const path = batchPath(place, time);
  try {
    return { path, time, summary: successSchema.parse(JSON.parse(readFileSync(join(path, SUCCESS), "utf8"))) };
  } catch (error) {
    throw new Error(
      `expected ${path}/${SUCCESS} to tell the positions that the batch reaches, but it does not: ` +
        "nobody knows where to go on. Move the directory away or take another --prefix.",
      { cause: error },
    );
  }
}

/** Removes unfinished batches of processes that died. Only for the holder of the lock. */
export function removePartialBatches(place: BatchPlace): void {
  for (const entry of readdirSync(place.folder)) {
    if (!entry.startsWith(".") || !entry.endsWith(PARTIAL)) continue;
    if (timeOf(entry.slice(1, -PARTIAL.length), place) === undefined) continue;
    rmSync(join(place.folder, entry), { recursive: true });
  }
}

function timeOf(entry: string, { name, ending }: BatchPlace): number | undefined {
  if (!entry.startsWith(`${name}-`) || !entry.endsWith(ending)) return undefined;
  const digits = entry.slice(name.length + 1, entry.length - ending.length);
  return /^(0|[1-9][0-9]{0,15})$/.test(digits) ? Number(digits) : undefined;
}

/** A batch that is being written, and is not visible yet. */
export class OpenBatch {
  readonly #place: BatchPlace;
  readonly #path: string;
  readonly #partial: string;
  /** Open files, by partition. */
  readonly #parts: number[] = [];
  #records = 0;

  /** @throws {Error} the folder cannot be made, or there are more partitions than files may be open */
  constructor(place: BatchPlace, time: number, partitions: number) {
    this.#place = place;
    this.#path = batchPath(place, time);
    this.#partial = join(place.folder, `.${basename(this.#path)}${PARTIAL}`);
    mkdirSync(this.#partial);
    this.grow(partitions);
  }

  /** Adds the parts of partitions that the topic has more by now, `partitions` in all. @throws {Error} as the constructor */
  grow(partitions: number): void {
    for (let partition = this.#parts.length; partition < partitions; partition++) {
      this.#parts.push(openSync(join(this.#partial, `part-${String(partition).padStart(5, "0")}`), "wx"));
    }
  }

  /** @throws {RangeError} the batch has no part of this partition */
  append(partition: number, lines: readonly string[]): void {
    const part = this.#parts[partition];
    if (part === undefined)
      throw new RangeError(`expected a partition from 0 to ${this.#parts.length - 1}, got ${partition}`);
    appendFileSync(part, lines.map((line) => `${line}\n`).join(""));
    this.#records += lines.length;
  }

  /** Makes the batch complete and visible. */
  complete(summary: Omit<BatchSummary, "format" | "records">): SavedBatch {
    const whole: BatchSummary = { format: 1, ...summary, records: this.#records };
    for (const part of this.#parts) {
      fsyncSync(part);
      closeSync(part);
    }
    const success = openSync(join(this.#partial, SUCCESS), "wx");
    appendFileSync(success, `${JSON.stringify(whole)}\n`);
    fsyncSync(success);
    closeSync(success);
    forceFolder(this.#partial);
    renameSync(this.#partial, this.#path);
    forceFolder(this.#place.folder);
    return { path: this.#path, time: timeOf(basename(this.#path), this.#place) ?? 0, summary: whole };
  }
}

/** A folder's entries reach the disk by the folder's own fsync, not by that of the files. */
function forceFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}
