/** Counters of what a transaction did: they show what was committed, never what was aborted and done again. */
import { Counter, type CounterConfiguration, type Registry } from "prom-client";

type Labels<T extends string> = Partial<Record<T, string | number>>;

const countersOf = new WeakMap<Registry, CommittedCounter<never>[]>();

interface Increase<T extends string> {
  readonly labels: Labels<T>;
  value: number;
}

/** A counter whose increases wait for the commit of the work that they tell of. Its series are few: each waits on its own. */
export class CommittedCounter<T extends string = string> {
  readonly #counter: Counter<T>;
  #open = new Map<string, Increase<T>>();
  /** Of the work whose commit is under way. */
  #sealed = new Map<string, Increase<T>>();

  /** Registers a Prometheus counter. */
  constructor(registry: Registry, configuration: CounterConfiguration<T>) {
    this.#counter = new Counter({ ...configuration, registers: [registry] });
    const known = countersOf.get(registry);
    if (known === undefined) countersOf.set(registry, [this]);
    else known.push(this);
  }

  /** @param key the labels' values as one text: given where it is known, since it takes most of the time */
  inc(labels: Labels<T>, value = 1, key = Object.values(labels).join("\n")): void {
    const increase = this.#open.get(key);
    if (increase === undefined) this.#open.set(key, { labels, value });
    else increase.value += value;
  }

  /** A commit begins of what was counted so far; what is counted from now on is the next one's. The last one has ended. */
  seal(): void {
    const empty = this.#sealed;
    this.#sealed = this.#open;
    this.#open = empty;
  }

  /** What is sealed happened. */
  committed(): void {
    for (const { labels, value } of this.#sealed.values()) this.#counter.inc(labels, value);
    this.#sealed.clear();
  }

  /** What was counted and not committed has not happened. */
  aborted(): void {
    this.#open.clear();
    this.#sealed.clear();
  }
}

/** What of a {@link CommittedCounter} does not depend on its labels. */
export type CountsCommitted = Pick<CommittedCounter, "seal" | "committed" | "aborted">;

/** The counters of a registry that wait for commits, those that are made later too. */
export function committedCounters(registry: Registry): readonly CountsCommitted[] {
  const known = countersOf.get(registry) ?? [];
  countersOf.set(registry, known);
  return known;
}
