/** `npm run letters`: the dead letters that are there, with reason, origin and the first bytes of each. */
import { Command } from "commander";
import { printable } from "../printable.js";
import { cutToWidth } from "../text-width.js";
import { runCommand, unlessStopped, write } from "./command.js";
import { type DeadLetterRecord, deadLetterOf, placeName } from "./dead-letter.js";
import { type DeadLettersTopic, withDeadLetters } from "./dead-letters-topic.js";
import { LetterCounts, lettersText } from "./letter-counts.js";
import { addLetterFilter, type LetterFilter, matches } from "./letter-filter.js";
import { screenLine } from "./record-text.js";
import { RedrivenLetters } from "./redriven-letters.js";

/** Columns of key and value that are shown. */
const RECORD_COLUMNS = 60;

const command = addLetterFilter(new Command("letters")).description(
  "Lists the dead letters: where each lies, when its record is stamped, why and by which service it was rejected, where it was, its first bytes.",
);

await runCommand(command, async (environment, stop) => {
  const filter = command.opts<LetterFilter>();
  const work = withDeadLetters("letters", environment, stop, (topic) => list(topic, filter, stop));
  const listed = await unlessStopped(
    work.then((counts) => counts ?? "none"),
    stop,
  );
  if (listed === undefined) return;
  if (listed === "none") await write("there is no topic of dead letters: no service has started here yet\n");
  else await write(`${listed.total > 0 ? "\n" : ""}${listed.table()}${lettersText(listed.total)}\n`);
});

async function list(topic: DeadLettersTopic, filter: LetterFilter, stop: AbortSignal): Promise<LetterCounts> {
  const redriven = await RedrivenLetters.read(topic.options, topic.admin, topic.topicId);
  const counts = new LetterCounts();
  await topic.read(await topic.pieces(), async (record) => {
    stop.throwIfAborted();
    const letter = deadLetterOf(record);
    if (letter === undefined || !matches(filter, letter)) return;
    counts.add(letter);
    await write(`${lineOf(letter, redriven.has(letter))}\n`);
  });
  return counts;
}

/** Lines for a terminal are cut to its width, after what matters most. */
function lineOf(letter: DeadLetterRecord, isRedriven: boolean): string {
  const { reason, message, service, origin, timestamp, isEnvelope } = letter;
  const time = timestamp === undefined ? "-" : timeText(timestamp);
  const record = cutToWidth(screenLine(letter, undefined), RECORD_COLUMNS);
  const said = screenLine({ value: Buffer.from(message) }, undefined);
  const state = isRedriven ? " (sent back)" : "";
  const text = `${placeName(letter)} ${time} ${reason} ${service} ${placeName(origin)}${state} ${isEnvelope ? "cut " : ""}${record} | ${said}`;
  const line = printable(text);
  return process.stdout.columns > 0 ? cutToWidth(line, process.stdout.columns) : line;
}

/** ISO 8601, or the milliseconds where they are no time that a calendar has. */
function timeText(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? `${timestamp}ms` : date.toISOString();
}
