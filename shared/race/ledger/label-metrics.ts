/** How often each outcome of the ledger was met, the same for every racing service. */
import type { Registry } from "prom-client";
import { CommittedCounter } from "../../committed-counter.js";
import { OUTCOMES, type Outcome, type Taken } from "./ledger.js";

/** See {@link labelMetrics}. */
export interface LabelMetrics {
  /** Cheap: called at every record. */
  count(outcome: Outcome): void;
  /** What the ledger has made of a record. */
  take(taken: Pick<Taken, "event" | "expired">): void;
}

/** Registers `regatta_labels_total{outcome}`. */
export function labelMetrics(registry: Registry): LabelMetrics {
  const counter = new CommittedCounter(registry, {
    name: "regatta_labels_total",
    help: "Records by what they are to their series, and questions that were given up (expired)",
    labelNames: ["outcome"],
  });
  const labels = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { outcome }])) as LabelsOf;
  for (const outcome of OUTCOMES) counter.inc(labels[outcome], 0);
  const count = (outcome: Outcome, times = 1) => counter.inc(labels[outcome], times, outcome);
  return {
    count: (outcome) => count(outcome),
    take({ event, expired }) {
      count(event);
      if (expired > 0) count("expired", expired);
    },
  };
}

type LabelsOf = Readonly<Record<Outcome, { readonly outcome: Outcome }>>;
