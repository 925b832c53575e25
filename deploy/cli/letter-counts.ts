/** How many letters there are of each reason, topic and service. Pure. */
import type { DeadLetterRecord } from "./dead-letter.js";
import { plainTable } from "./plain-table.js";

export class LetterCounts {
  #total = 0;
  /** By reason, topic and service, which have no blanks. */
  readonly #counts = new Map<string, number>();

  add({ reason, origin, service }: DeadLetterRecord): void {
    const key = [reason, origin.topic, service].join(" ");
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#total++;
  }

  get total(): number {
    return this.#total;
  }

  /** A line for each kind of letter, the most frequent first; empty where there is none. */
  table(): string {
    if (this.#total === 0) return "";
    const rows = [...this.#counts]
      .sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1))
      .map(([key, count]) => [...key.split(" "), String(count)]);
    return plainTable(["reason", "topic", "rejected by", "letters"], rows, [3]);
  }
}

/** `1 letter`, `2 letters`. */
export const lettersText = (count: number): string => `${count} ${count === 1 ? "letter" : "letters"}`;
