/** Counters of what a transaction did: they show what was committed, never what was aborted and done again. */
import { Counter, type CounterConfiguration, type Registry } from "prom-client";

type Labels<T extends string> = Partial<Record<T, string | number>>;

const countersOf = new WeakMap<Registry, CommittedCounter<never>[]>();

/** A counter whose increases wait for the commit of the work that they tell of. Its series are few: each waits on its own. */
export class CommittedCounter<T extends string = string> {
  readonly #counter: Counter<T>;
  readonly #pending = new Map<string, { readonly labels: Labels<T>; value: number }>();

  /** Registers a Prometheus counter. */
  constructor(registry: Registry, configuration: CounterConfiguration<T>) {
    this.#counter = new Counter({ ...configuration, registers: [registry] });
    const known = countersOf.get(registry);
    if (known === undefined) countersOf.set(registry, [this]);
    else known.push(this);
  }

  inc(labels: Labels<T>, value = 1): void {
    const key = Object.values(labels).join("\n");
    const pending = this.#pending.get(key);
    if (pending === undefined) this.#pending.set(key, { labels, value });
    else pending.value += value;
  }

  /** What was counted happened. */
  committed(): void {
    for (const { labels, value } of this.#pending.values()) this.#counter.inc(labels, value);
    this.#pending.clear();
  }

  /** What was counted has not happened. */
  aborted(): void {
    this.#pending.clear();
  }
}

/** The counters of a registry that wait for commits, those that are made later too. */
export function committedCounters(registry: Registry): readonly Pick<CommittedCounter, "committed" | "aborted">[] {
  const known = countersOf.get(registry) ?? [];
  countersOf.set(registry, known);
  return known;
}
