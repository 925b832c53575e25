/**
 * Two processes of one transactional id fence each other. Each asks for the id again half a second after Kafka said that it has to
 * wait for the other's transaction; so if both ask at once, each fences the other before that one is ready, and neither ever works.
 * A pause after each fence ends that. It doubles while fences follow each other.
 */
const PAUSE_MIN_MS = 1000;
const PAUSE_MAX_MS = 8000;
/** A fence that comes so long after the last one has nothing to do with it. */
const APART_MS = 60_000;

/** The pause of one transactional id. */
export class FencePause {
  #fencedMs = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;

  /** Whether the pause after the last fence is over; true where there was none. */
  get isOver(): boolean {
    return performance.now() >= this.#fencedMs + this.#pauseMs;
  }

  /**
   * The producer was fenced. A transaction that outlived its timeout looks the same; the shortest pause does no harm there.
   * @returns the pause that begins, in ms
   */
  fenced(): number {
    const nowMs = performance.now();
    const isFirst = nowMs - this.#fencedMs > APART_MS;
    this.#pauseMs = isFirst ? PAUSE_MIN_MS : Math.min(2 * this.#pauseMs, PAUSE_MAX_MS);
    this.#fencedMs = nowMs;
    return this.#pauseMs;
  }
}
