/** Which dead letters a command is about: options `--reason`, `--topic` and `--since`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { topicArgument } from "./command.js";
import type { DeadLetterRecord } from "./dead-letter.js";
import { durationMs } from "./interval.js";

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;
const ZONE = /(Z|[+-]\d\d:\d\d)$/;

export interface LetterFilter {
  readonly reason?: string;
  /** The topic that the record came from. */
  readonly topic?: string;
  /** Least timestamp of the record, in ms since the epoch. */
  readonly since?: number;
}

/** Adds the three options to a command. */
export function addLetterFilter(command: Command): Command {
  return command
    .option("--reason <reason>", "only letters of this reason, for example features-changed")
    .addOption(
      new Option("--topic <topic>", "only letters of records of this topic").argParser((text) => topicArgument(text)),
    )
    .addOption(
      new Option(
        "--since <time>",
        "only letters of records stamped since: ISO 8601 (UTC unless it names a zone), or so long ago as 90s, 15m, 2h or 7d",
      ).argParser((text) => sinceOf(text, Date.now())),
    );
}

export function matches({ reason, topic, since }: LetterFilter, letter: DeadLetterRecord): boolean {
  if (reason !== undefined && letter.reason !== reason) return false;
  if (topic !== undefined && letter.origin.topic !== topic) return false;
  return since === undefined || (letter.timestamp !== undefined && letter.timestamp >= since);
}

/** @returns ms since the epoch @throws {InvalidArgumentError} neither a time nor a duration */
export function sinceOf(text: string, nowMs: number): number {
  const agoMs = durationMs(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const zoned = ISO.test(text) && text.includes("T") && !ZONE.test(text) ? `${text}Z` : text;
  const time = ISO.test(text) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError("Expected an ISO 8601 time, or a whole number and ms, s, m, h or d.");
  return time;
}
