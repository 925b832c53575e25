/**
 * What one open page is told: all that is known at first, then what has changed. Changes are made into one message when the page
 * takes it, so that one that takes them slowly gets fewer messages, and nothing waits for it. Pure.
 */
import type { LeftOut, PageUpdate, ServiceHealth } from "./messages.js";
import { type PageState, SERIES_MAX } from "./page-state.js";

/** The list of series is told that often, and so many of them at a time. */
const ROWS_MS = 1000;
export const ROWS_AT_ONCE = 500;
/** Health is told that often, so that a page learns from silence that the server is away. */
const HEALTH_MS = 2000;

/** What a page is told besides the {@link PageState}. */
export interface PageContext {
  readonly brokers: string;
  services(): readonly ServiceHealth[] | null;
  left(): LeftOut;
}

/** The series that a page looks at. */
export interface Selection {
  readonly topic: string;
  readonly series: string;
}

export class Follower {
  readonly #state: PageState;
  readonly #context: PageContext;
  readonly #selection: Selection | undefined;
  #begun = false;
  #rows = { written: 0, dueMs: 0 };
  #letters = 0;
  #series = 0;
  #healthDueMs = 0;

  constructor(state: PageState, context: PageContext, selection: Selection | undefined) {
    this.#state = state;
    this.#context = context;
    this.#selection = selection;
  }

  /**
   * What is new since the last call; undefined where nothing is, or not yet to be told.
   * @param now the server's clock, in ms since the epoch
   */
  next(now: number): PageUpdate | undefined {
    const first = !this.#begun;
    this.#begun = true;
    const parts = {
      ...this.#newRows(now, first ? SERIES_MAX : ROWS_AT_ONCE),
      ...this.#newLetters(),
      ...this.#newPoints(),
      ...this.#health(now),
    };
    if (first) return { first, now, brokers: this.#context.brokers, ...parts };
    return Object.keys(parts).length === 0 ? undefined : { now, ...parts };
  }

  #newRows(now: number, max: number): Pick<PageUpdate, "rows"> {
    if (now < this.#rows.dueMs) return {};
    const { rows, written } = this.#state.rows(this.#rows.written, max);
    this.#rows = { written, dueMs: now + ROWS_MS };
    return rows.length === 0 ? {} : { rows };
  }

  #newLetters(): Pick<PageUpdate, "letters"> {
    const letters = this.#state.letters(this.#letters);
    this.#letters = this.#state.written;
    return letters.length === 0 ? {} : { letters };
  }

  #newPoints(): Pick<PageUpdate, "series"> {
    if (this.#selection === undefined) return {};
    const { topic, series } = this.#selection;
    const update = this.#state.series(topic, series, this.#series);
    this.#series = this.#state.written;
    return update === undefined ? {} : { series: update };
  }

  #health(now: number): Pick<PageUpdate, "services" | "left"> {
    if (now < this.#healthDueMs) return {};
    this.#healthDueMs = now + HEALTH_MS;
    return { services: this.#context.services(), left: this.#context.left() };
  }
}
