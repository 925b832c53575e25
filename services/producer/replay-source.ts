/** Replays a file as a raw topic, at the rate that is set, each row once. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { rawTopic } from "../../shared/contract/topics.js";
import { ConfigurationError, messageOf } from "../../shared/errors.js";
import type { Separator } from "../../shared/separators.js";
import { type OutputTopic, type Source, stateKey, type TaskContext } from "../../shared/service-definition.js";
import type { TimeUnit } from "../../shared/time-text.js";
import type { Counter, ProducerStates } from "./counters.js";
import type { FileRow } from "./replay/file-row.js";
import { type FileRows, openRows, type PlacedRow } from "./replay/file-rows.js";
import type { DecimalMark } from "./replay/number-text.js";
import type { ReplayColumns } from "./replay/replay-columns.js";
import { checkSameFile, newProgress, progressText, type ReplayProgress, replayKey } from "./replay/replay-progress.js";
import type { MissingRule } from "./replay/row-reader.js";
import type { FileEncoding } from "./replay/text-encoding.js";
import { type TokenBucket, tokenBucket } from "./token-bucket.js";

/** A file that has not grown for so long is taken to be whole: its last row then needs no line end. */
export const SETTLE_MS = 2000;

/** What the replay is asked for. */
export interface ReplaySettings {
  /** Path of a file of rows, see replay/file-rows.ts. */
  readonly replayFile: string;
  readonly replayTopic: string;
  /** Column of y. */
  readonly replayTarget: string;
  /** Columns of x1 to xn; empty for all others. */
  readonly replayFeatures: readonly string[];
  /** Column that names the series; empty where the file is one series, which then bears the file's name. */
  readonly replaySeries: string;
  /** Column of the record's time; empty where that is the time of sending. */
  readonly replayTime: string;
  readonly replayTimeUnit: TimeUnit;
  readonly replayMissing: MissingRule;
  readonly replaySeparator: Separator | undefined;
  readonly replayDecimal: DecimalMark | undefined;
  readonly replayEncoding: FileEncoding | undefined;
  /** Records per second. */
  readonly rate: number;
}

/** The file's name without its endings. */
const seriesOf = (path: string): string => basename(path).replace(/\.[^.]+?(\.(gz|zst))?$/i, "");

/** Key of a replay's progress in the store `counters`, which `/state/counters/<key>` shows. */
export function progressKey(settings: ReplaySettings): string {
  return replayKey({ path: settings.replayFile, topic: settings.replayTopic, columns: columnsOf(settings) });
}

function columnsOf({ replayTarget, replayFeatures, replaySeries, replayTime }: ReplaySettings): ReplayColumns {
  return { target: replayTarget, features: replayFeatures, series: replaySeries, time: replayTime };
}

/** Opens the file that the settings name, as {@link openRows} does. */
export function openReplay(settings: ReplaySettings): FileRows {
  return openRows(settings.replayFile, columnsOf(settings), {
    separator: settings.replaySeparator,
    decimal: settings.replayDecimal,
    encoding: settings.replayEncoding,
    timeUnit: settings.replayTimeUnit,
    missing: settings.replayMissing,
  });
}

/**
 * The task that replays the file; that is the first one, all others have nothing to do. The store keeps the progress under
 * {@link progressKey}, and for each series the next i, where the file has none. A row that cannot be read is told with its line,
 * and counted in the progress. What is added to the file is replayed as well.
 * @throws {ConfigurationError} the file cannot be read, lacks a column, or is not the one that was replayed so far
 */
export function replaySource(partition: number, context: TaskContext<ReplaySettings, ProducerStates, unknown>): Source {
  if (partition !== 0) return { generate: () => 0 };
  const replay = new Replay(context);
  return { generate: (nowMs, limit) => replay.generate(nowMs, limit) };
}

/** The replay of one file, with what was read of it ahead. */
class Replay {
  readonly #context: TaskContext<ReplaySettings, ProducerStates, unknown>;
  readonly #path: string;
  readonly #key: string;
  readonly #series: string;
  readonly #output: OutputTopic<string>;
  readonly #bucket: TokenBucket;
  readonly #file: FileRows;
  /** Rows that were read ahead, and where in the file the next of them begins. */
  #rows: readonly PlacedRow[] = [];
  #index = 0;
  #expected: number | undefined;
  /** Of the file on disk, and when it was last seen to change. */
  #size = -1;
  #grownMs = 0;
  #told: string | undefined;

  constructor(context: TaskContext<ReplaySettings, ProducerStates, unknown>) {
    const { settings, stores } = context;
    const path = settings.replayFile;
    this.#context = context;
    this.#path = path;
    this.#key = progressKey(settings);
    this.#series = seriesOf(path);
    this.#output = rawTopic(settings.replayTopic);
    this.#bucket = tokenBucket(settings.rate);
    this.#file = namingSetting(path, () => {
      if (statSync(path).size === 0) throw new RangeError("expected lines, got an empty file");
      const opened = openReplay(settings);
      const begun = stores.counters.get(this.#key);
      if (begun?.replay !== undefined) checkSameFile(begun.replay, begun.next, opened.bytes);
      return opened;
    });
  }

  /** As {@link Source.generate}, but what is counted is rows: refused ones, too, and the end of the file. */
  generate(nowMs: number, limit: number): number {
    const isWhole = this.#isWhole(nowMs);
    const due = Math.min(limit, this.#bucket.due(nowMs));
    if (due === 0) return 0;
    const { counters } = this.#context.stores;
    const position = counters.get(this.#key) ?? { next: this.#file.begin };
    const progress = position.replay ?? newProgress(this.#path, this.#file.bytes, Date.now());
    position.replay = progress;
    if (this.#told === undefined) this.#tell(progress, this.#file.detected);
    const count = this.#forwardRows(position, progress, due, isWhole);
    this.#bucket.take(count);
    const done = isWhole && count < due;
    if (count === 0 && done === progress.done) return 0;
    progress.done = done;
    progress.readBytes = done ? this.#size : this.#file.bytes.diskPosition(position.next);
    if (done) this.#tell(progress, progressText(progress));
    counters.put(this.#key, position);
    // That the end is reached is committed like a record.
    return Math.max(1, count);
  }

  /** Whether the file has not grown for {@link SETTLE_MS}. */
  #isWhole(nowMs: number): boolean {
    const size = namingSetting(this.#path, () => this.#file.bytes.size());
    if (size !== this.#size) {
      this.#size = size;
      this.#grownMs = nowMs;
    }
    return nowMs - this.#grownMs >= SETTLE_MS;
  }

  /** @returns rows that were dealt with */
  #forwardRows(position: Counter, progress: ReplayProgress, due: number, isWhole: boolean): number {
    let count = 0;
    while (count < due) {
      this.#readAhead(position.next, isWhole);
      if (this.#index === this.#rows.length) break;
      const { row, line, next } = this.#rows[this.#index];
      this.#forwardRow(row, line, progress);
      position.next = next;
      this.#expected = next;
      this.#index += 1;
      count += 1;
    }
    return count;
  }

  /** Makes the rows begin at `position`, unless its next one does. */
  #readAhead(position: number, isWhole: boolean): void {
    // The position is the store's: after an abort it is before what was read ahead.
    if (position === this.#expected && this.#index < this.#rows.length) return;
    this.#rows = namingSetting(this.#path, () => this.#file.read(position, isWhole));
    this.#index = 0;
  }

  #forwardRow(row: FileRow, line: number, progress: ReplayProgress): void {
    progress.rows += 1;
    if (row.kind === "refused") {
      progress.refused[row.reason] = (progress.refused[row.reason] ?? 0) + 1;
      this.#context.warn({ file: this.#path, line, reason: row.reason, detail: row.message }, "row refused");
      return;
    }
    progress.sent += 1;
    if (row.kind === "list") {
      this.#context.forward(this.#output, this.#series, row.text);
      return;
    }
    const series = row.series ?? this.#series;
    if (row.timestamp !== undefined) this.#context.stamp(row.timestamp);
    const numbers = [row.i ?? this.#nextStep(series), ...row.numbers];
    this.#context.forward(this.#output, series, `[${numbers.join(", ")}]`);
  }

  #nextStep(series: string): number {
    const { settings, stores } = this.#context;
    const key = stateKey(settings.replayTopic, series);
    const counter = stores.counters.get(key) ?? { next: 0 };
    const i = counter.next;
    counter.next += 1;
    stores.counters.put(key, counter);
    return i;
  }

  #tell({ rows, sent, refused }: ReplayProgress, text: string): void {
    this.#told = text;
    this.#context.warn({ file: this.#path, rows, sent, refused }, text);
  }
}

/** Reads the file; an error names the setting. */
function namingSetting<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigurationError([`REPLAY_FILE=${path}: ${messageOf(error)}`]);
  }
}
