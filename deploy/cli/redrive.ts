/** `npm run redrive`: sends the records of dead letters to the topics that they came from, each once. */
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { printable } from "../printable.js";
import { notice, runCommand, write } from "./command.js";
import { withDeadLetters } from "./dead-letters-topic.js";
import { lettersText } from "./letter-counts.js";
import { addLetterFilter, type LetterFilter } from "./letter-filter.js";
import { type RedriveResult, redrive } from "./redrive-run.js";

/** A transaction under way has so long to end after Ctrl-C. */
const STOP_MS = 5000;

const command = addLetterFilter(new Command("redrive"))
  .description(
    "Sends the records of dead letters to the topics that they came from, each once: after what rejected them was mended.",
  )
  .option("--dry-run", "say how many would be sent, and send nothing", false);

await runCommand(command, async (environment, stop) => {
  const { dryRun, ...filter } = command.opts<LetterFilter & { dryRun: boolean }>();
  const work = withDeadLetters("redrive", environment, stop, (topic) =>
    redrive(topic, { filter, dryRun, stop, onSent: (letters) => void write(`${lettersText(letters)} sent\n`) }),
  );
  const result = await unlessStoppedFor(work, stop);
  if (result === "stopped") {
    notice("stopped; the next run sends the rest");
    return;
  }
  if (result === undefined) {
    await write("there is no topic of dead letters: nothing was rejected yet\n");
    return;
  }
  await write(textOf(result, dryRun));
  if (result.staying > 0) throw new Error(`${lettersText(result.staying)} that matched could not be sent`);
});

/** The work's result, or that it was stopped: by itself, or because it took too long to. */
async function unlessStoppedFor<T>(work: Promise<T>, stop: AbortSignal): Promise<T | "stopped"> {
  const stopped = new Promise<"stopped">((resolve) => {
    stop.addEventListener("abort", () => void delay(STOP_MS, "stopped" as const).then(resolve), { once: true });
  });
  const ended = work.catch((error: unknown) => {
    if (stop.aborted) return "stopped" as const;
    throw error;
  });
  return Promise.race([ended, stopped]);
}

function textOf({ sent, sentBefore, stayingTold, staying }: RedriveResult, dryRun: boolean): string {
  const told = stayingTold.map((line) => `${printable(line)}\n`).join("");
  const more = staying > stayingTold.length ? `... and ${staying - stayingTold.length} more stay\n` : "";
  const did = dryRun ? "would be sent to where they came from" : "sent to where they came from";
  const before = sentBefore === 0 ? "" : `; ${sentBefore} of an earlier run not again`;
  return `${sent.table()}${told}${more}${lettersText(sent.total)} ${did}${before}\n`;
}
