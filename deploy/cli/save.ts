/** `npm run save -- <topic> --prefix <path>`: a topic as text files, a directory for each interval, each record once. */
import { mkdirSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { FolderLockedError, lockFolder } from "../../shared/folder-lock.js";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import type { LogRange } from "../../shared/kafka/log-range.js";
import { latest, type Position } from "../../shared/kafka/topic-partition.js";
import {
  type BatchPlace,
  batchPlace,
  lockPath,
  newestBatch,
  OpenBatch,
  removePartialBatches,
  type SavedBatch,
} from "./batch-directory.js";
import { intervalOption, notice, runCommand, topicArgument, unlessStopped, write } from "./command.js";
import { runIntervals } from "./interval-loop.js";
import { fileLine } from "./record-text.js";
import { WholeTopic } from "./whole-topic.js";

interface SaveOptions {
  readonly interval: number;
  readonly prefix: string;
  readonly suffix?: string;
  readonly empty: boolean;
}

const command = new Command("save")
  .description("Saves a topic from its beginning: PREFIX-TIME_IN_MS[.SUFFIX]/part-00000, one part for each partition.")
  .argument("<topic>", "topic to read", topicArgument)
  .requiredOption("--prefix <path>", "start of the directories' names", prefixArgument)
  .option("--suffix <text>", "end of the directories' names, for example txt", suffixArgument)
  .addOption(intervalOption("10s"))
  .option("--empty", "write a directory for intervals without records too", false);

await runCommand(command, async (environment, stop) => {
  const topic: string = command.processedArgs[0];
  const { interval, prefix, suffix, empty } = command.opts<SaveOptions>();
  const place = batchPlace(prefix, suffix);
  mkdirSync(place.folder, { recursive: true });
  const release = await takeTurn(place);
  removePartialBatches(place);
  const newest = newestBatch(place);

  const reader = await unlessStopped(
    WholeTopic.open({ topic, command: "save", environment, complain: notice, stop }),
    stop,
  );
  if (reader === undefined) return;
  const { topicId } = reader;
  reader.start(positionsToGoOnFrom(newest, reader, await reader.ranges()));
  notice(
    `saving ${topic} (partitions: ${reader.partitions}) ${newest ? `after ${newest.path}` : "from its beginning"}`,
  );

  let batch: OpenBatch | undefined;
  await runIntervals({
    reader,
    intervalMs: interval,
    previousTime: newest?.time ?? 0,
    stop,
    take(records, time) {
      batch ??= new OpenBatch(place, time, reader.partitions);
      batch.grow(reader.partitions);
      for (const [partition, lines] of linesByPartition(records)) batch.append(partition, lines);
    },
    async close(time) {
      if (empty && !stop.aborted) batch ??= new OpenBatch(place, time, reader.partitions);
      batch?.grow(reader.partitions);
      // Whatever was read was taken.
      const saved = batch?.complete({ topic, topicId, positions: reader.positions });
      batch = undefined;
      if (saved !== undefined) await write(`${saved.path} ${saved.summary.records}\n`);
    },
  });
  await reader.close();
  await release();
});

/** Two processes at once would remove each other's unfinished batches and save every record twice. */
async function takeTurn(place: BatchPlace): Promise<() => Promise<void>> {
  try {
    return await lockFolder(lockPath(place));
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error;
    throw new Error(`expected nobody else to save with this --prefix, but ${lockPath(place)} is held`, {
      cause: error,
    });
  }
}

/**
 * By partition: where the newest batch ends, or the partition's first record.
 * @throws {Error} the batch is of another topic, or claims more than the topic holds
 */
function positionsToGoOnFrom(
  newest: SavedBatch | undefined,
  { topic, topicId }: WholeTopic,
  ranges: readonly LogRange[],
): Position[] {
  const summary = newest?.summary;
  if (summary !== undefined && (summary.topic !== topic || summary.topicId !== topicId)) {
    const other = summary.topic === topic ? `a former topic named ${topic}` : summary.topic;
    throw new Error(`expected ${newest?.path} to hold ${topic}, but it holds ${other}: take another --prefix`);
  }
  return ranges.map(({ begin, end }, partition) => {
    const saved = summary?.positions[partition];
    if (saved === undefined) return begin;
    if (saved > end) {
      throw new Error(
        `expected ${topic}[${partition}] to reach ${saved}, as ${newest?.path} says, but it ends at ${end}`,
      );
    }
    if (saved < begin)
      notice(`${topic}[${partition}]: offsets ${saved} to ${begin - 1} were deleted before they were saved`);
    return latest(saved, begin);
  });
}

function linesByPartition(records: readonly ConsumedRecord[]): Map<number, string[]> {
  const lines = new Map<number, string[]>();
  for (const { partition, value } of records) {
    const line = fileLine(value);
    const own = lines.get(partition);
    if (own === undefined) lines.set(partition, [line]);
    else own.push(line);
  }
  return lines;
}

function prefixArgument(text: string): string {
  if (text === "" || /(^|\/)\.{0,2}$/.test(text))
    throw new InvalidArgumentError("Expected a path that ends in a name, for example data/out.");
  return text;
}

function suffixArgument(text: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(text))
    throw new InvalidArgumentError("Expected letters, digits, dots, dashes or underscores, for example txt.");
  return text;
}
