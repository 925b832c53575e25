/** `npm run watch -- <topic>`: what arrives on a topic in each interval. */
import { Command, Option } from "commander";
import type { ConsumedRecord } from "../../shared/kafka/consumed-record.js";
import { intervalOption, notice, runCommand, topicArgument, unlessStopped, write } from "./command.js";
import { intervalHeading } from "./interval.js";
import { runIntervals } from "./interval-loop.js";
import { screenLine } from "./record-text.js";
import { WholeTopic } from "./whole-topic.js";

const SHOWN_MAX = 10;

interface WatchOptions {
  readonly interval: number;
  readonly from: "beginning" | "end";
  readonly empty: boolean;
}

const command = new Command("watch")
  .description("Shows what arrives on a topic: in each interval the first ten records, and how many more there were.")
  .argument("<topic>", "topic to read", topicArgument)
  .addOption(intervalOption("1s"))
  .addOption(new Option("--from <place>", "where to begin").choices(["beginning", "end"]).default("end"))
  .option("--empty", "head intervals without records too", false);

await runCommand(command, async (environment, stop) => {
  const topic: string = command.processedArgs[0];
  const { interval, from, empty } = command.opts<WatchOptions>();
  const reader = await unlessStopped(
    WholeTopic.open({ topic, command: "watch", environment, complain: notice, stop }),
    stop,
  );
  if (reader === undefined) return;
  const ranges = await reader.ranges();
  reader.start(ranges.map(({ begin, end }) => (from === "beginning" ? begin : end)));
  notice(`watching ${topic} (partitions: ${reader.partitions}) from its ${from}; Ctrl-C ends`);

  let shown: ConsumedRecord[] = [];
  let count = 0;
  await runIntervals({
    reader,
    intervalMs: interval,
    previousTime: 0,
    stop,
    take(records) {
      shown.push(...records.slice(0, SHOWN_MAX - shown.length));
      count += records.length;
    },
    async close(time) {
      if (count > 0 || (empty && !stop.aborted)) await write(page(time, shown, count));
      shown = [];
      count = 0;
    },
  });
  await reader.close();
});

/** Lines for a terminal are cut to its width. A pipe, or a terminal that does not know its width, gets them whole. */
function page(time: number, shown: readonly ConsumedRecord[], count: number): string {
  const columns = process.stdout.columns > 0 ? process.stdout.columns : undefined;
  const lines = shown.map((record) => `${screenLine(record, columns)}\n`);
  const more = count > shown.length ? `... and ${count - shown.length} more\n` : "";
  return `${intervalHeading(time)}${lines.join("")}${more}\n`;
}
