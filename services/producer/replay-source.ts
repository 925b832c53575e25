/** Replays a file as a raw topic, at the rate that is set, each line once. */
import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { rawTopic } from "../../shared/contract/topics.js";
import { ConfigurationError, messageOf } from "../../shared/errors.js";
import { type Source, stateKey, type TaskContext } from "../../shared/service-definition.js";
import type { ProducerStates } from "./counters.js";
import { type FileLine, readLines } from "./file-lines.js";
import { type LineReader, lineReader, type ReplayedLine, type ReplayFormat, replayFormats } from "./replay-lines.js";
import { tokenBucket } from "./token-bucket.js";

/** What the replay is asked for. */
export interface ReplaySettings {
  /** Path of a file in UTF-8 whose name ends with one of {@link replayFormats}. */
  readonly replayFile: string;
  readonly replayTopic: string;
  /** Column of y. */
  readonly replayTarget: string;
  /** Columns of x1 to xn; empty for all others. */
  readonly replayFeatures: readonly string[];
  /** Column that names the series; empty where the file is one series, which then bears the file's name. */
  readonly replaySeries: string;
  /** Records per second. */
  readonly rate: number;
}

/** Lines that were read ahead. */
interface Block {
  readonly lines: readonly FileLine[];
  readonly contents: readonly ReplayedLine[];
}

/** The format of a file by the end of its name; undefined where it is none of {@link replayFormats}. */
export function replayFormat(path: string): ReplayFormat | undefined {
  return replayFormats.find((format) => extname(path).toLowerCase() === `.${format}`);
}

/**
 * The task that replays the file; that is the first one, all others have nothing to do. The store keeps the position in the
 * file, in bytes, under `file:<name of the file>`, and for each series the next i, where the file has none.
 * A line that is no observation is forwarded as it stands, for the deserializer to reject.
 * @throws {ConfigurationError} the file cannot be read, lacks a column, or is shorter than what was replayed of it
 */
export function replaySource(partition: number, context: TaskContext<ReplaySettings, ProducerStates, unknown>): Source {
  if (partition !== 0) return { generate: () => 0 };
  const { settings } = context;
  const { counters } = context.stores;
  const path = settings.replayFile;
  const fileName = basename(path);
  const fileKey = `file:${fileName}`;
  const fileSeries = basename(path, extname(path));
  const output = rawTopic(settings.replayTopic);
  const bucket = tokenBucket(settings.rate);
  const { reader, start } = namingSetting(path, () => openFile(settings, counters.get(fileKey)?.next ?? 0));
  let block: Block = { lines: [], contents: [] };
  /** Line of the block that comes next, and where in the file it begins. */
  let index = 0;
  let expected: number | undefined;

  /** Makes the block begin at `position`, unless its next line does. */
  function readAhead(position: number): void {
    // The position is the store's: after an abort it is before what was read ahead.
    if (position === expected && index < block.lines.length) return;
    const lines = namingSetting(path, () => readLines(path, position));
    block = { lines, contents: reader.read(lines.map(({ text }) => text)) };
    index = 0;
  }

  function forwardLine({ text }: FileLine, content: ReplayedLine): void {
    if (content.kind === "as-it-stands") {
      context.forward(output, fileSeries, text);
      return;
    }
    const series = content.series ?? fileSeries;
    let i = content.i;
    if (i === undefined) {
      const key = stateKey(settings.replayTopic, series);
      const counter = counters.get(key) ?? { next: 0 };
      i = String(counter.next);
      counter.next += 1;
      counters.put(key, counter);
    }
    context.forward(output, series, `[${[i, ...content.numbers].join(", ")}]`);
  }

  return {
    generate(nowMs, limit) {
      const due = Math.min(limit, bucket.due(nowMs));
      if (due === 0) return 0;
      const position = counters.get(fileKey) ?? { next: start };
      let forwarded = 0;
      while (forwarded < due) {
        readAhead(position.next);
        if (index === block.lines.length) break;
        const line = block.lines[index];
        forwardLine(line, block.contents[index]);
        position.next = line.next;
        expected = line.next;
        index += 1;
        forwarded += 1;
      }
      bucket.take(forwarded);
      if (forwarded > 0) counters.put(fileKey, position);
      return forwarded;
    },
  };
}

/** How to read the file, and where its first observation begins. */
function openFile(settings: ReplaySettings, replayedBytes: number): { reader: LineReader; start: number } {
  const { replayFile: path, replayTarget: target, replayFeatures: features, replaySeries: series } = settings;
  const format = replayFormat(path);
  if (format === undefined) throw new RangeError(`expected a name that ends with .${replayFormats.join(" or .")}`);
  const { size } = statSync(path);
  if (size < replayedBytes) {
    throw new RangeError(
      `${replayedBytes} bytes of it were replayed, but it has ${size}: give another file another name`,
    );
  }
  const first = readLines(path, 0).at(0);
  if (first === undefined) throw new RangeError("expected lines, got an empty file");
  const reader = lineReader(format, first.text, { target, features, series });
  return { reader, start: reader.headed ? first.next : 0 };
}

/** Reads the file; an error names the setting. */
function namingSetting<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigurationError([`REPLAY_FILE=${path}: ${messageOf(error)}`]);
  }
}
