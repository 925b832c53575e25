/** What has happened in the races lately: the newest change of a champion, and dead letters. Pure. */
import type { Verdict } from "../../shared/contract/verdict-schemas.js";
import { type DeadLetterRecord, placeName } from "../cli/dead-letter.js";

/** A verdict that made another model champion. */
export type Switch = Pick<Verdict, "topic" | "series" | "champion" | "from" | "i">;

export interface RaceNews {
  /** The newest one; undefined while none was seen. */
  readonly change: Switch | undefined;
  /** Dead letters that were read. */
  readonly letters: number;
  /** Whether there may be older ones, which were not read. */
  readonly olderLetters: boolean;
  /** The newest one's reason, with the place of its record and the service that rejected it. */
  readonly letter: { readonly reason: string; readonly origin: string; readonly service: string } | undefined;
}

export class NewsDesk {
  #news: RaceNews = { change: undefined, letters: 0, olderLetters: false, letter: undefined };
  #changeAt = Number.NEGATIVE_INFINITY;
  #letterAt = Number.NEGATIVE_INFINITY;
  /** Partitions of dead letters that were read. */
  readonly #begun = new Set<number>();

  get news(): RaceNews {
    return this.#news;
  }

  /** Partitions are read one after another, so that what comes last need not be the newest. @param at time of its record, in ms */
  takeVerdict({ topic, series, champion, from, i, decision }: Verdict, at = 0): void {
    if (decision !== "switch" || at < this.#changeAt) return;
    this.#changeAt = at;
    this.#news = { ...this.#news, change: { topic, series, champion, from, i } };
  }

  takeLetter({ partition, offset, reason, origin, service, timestamp = 0 }: DeadLetterRecord): void {
    const { letters, olderLetters } = this.#news;
    const isFirst = !this.#begun.has(partition);
    this.#begun.add(partition);
    this.#news = { ...this.#news, letters: letters + 1, olderLetters: olderLetters || (isFirst && offset > 0) };
    if (timestamp < this.#letterAt) return;
    this.#letterAt = timestamp;
    this.#news = { ...this.#news, letter: { reason, origin: placeName(origin), service } };
  }
}
