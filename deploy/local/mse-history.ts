/** How good each model was lately: the mean of its squared errors in each of the last stretches of time. Pure. */
import type { ModelRow, TopicSummary } from "./race-summary.js";

const STRETCH_MS = 4000;
/** Stretches that are kept: about the last minute. */
export const STRETCHES = 16;
const BARS = "▁▂▃▄▅▆▇█";

type Totals = Pick<ModelRow, "squaredErrors" | "scored">;

interface ModelHistory {
  /** At the end of the last stretch. */
  readonly totals: Totals;
  /** Oldest first; null where it was not scored. */
  readonly means: (number | null)[];
}

export class MseHistory {
  /** Of the models that race now. */
  #models = new Map<string, ModelHistory>();
  #endMs = Number.NEGATIVE_INFINITY;

  /** Takes the totals in where a stretch is over. Those of every model are sums over all of its time, so any two have a mean between them. */
  take(nowMs: number, races: readonly TopicSummary[]): void {
    if (nowMs < this.#endMs) return;
    this.#endMs = nowMs + STRETCH_MS;
    const models = races.flatMap((race) =>
      race.models.map((model) => ({ key: keyOf(race.topic, model.model), ...model })),
    );
    this.#models = new Map(models.map(({ key, ...totals }) => [key, grown(this.#models.get(key), totals)]));
  }

  /** Oldest first, at most {@link STRETCHES}; none in the first stretch. */
  of(topic: string, model: string): readonly (number | null)[] {
    return this.#models.get(keyOf(topic, model))?.means ?? [];
  }
}

function grown(history: ModelHistory | undefined, { squaredErrors, scored }: Totals): ModelHistory {
  const totals = { squaredErrors, scored };
  if (history === undefined) return { totals, means: [] };
  const count = scored - history.totals.scored;
  const errors = squaredErrors - history.totals.squaredErrors;
  // Totals that fell are those of a race that was begun anew.
  const mean = count > 0 && errors >= 0 ? errors / count : null;
  return { totals, means: [...history.means, mean].slice(-STRETCHES) };
}

/**
 * The newest values as bars, whose heights are parts of `max`; a blank where there is none.
 * @param max of all lines that are compared
 */
export function sparkline(values: readonly (number | null)[], length: number, max: number): string {
  return values
    .slice(-length)
    .map((value) => (value === null ? " " : BARS[heightOf(value / max)]))
    .join("");
}

function heightOf(part: number): number {
  return Number.isFinite(part) ? Math.min(BARS.length - 1, Math.floor(part * BARS.length)) : 0;
}

/** A topic's name has no slash. */
const keyOf = (topic: string, model: string): string => `${topic}/${model}`;
