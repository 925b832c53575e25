/** Whether an assignor has given the inputs of one partition number to several instances, by the log of one of them. */
import type { RunningService } from "./service-runner.js";

/** A topic that this instance holds at a partition number without the other input. */
export function splitInput(service: RunningService): string | undefined {
  const held = new Set<string>();
  for (const { msg, kind, partitions } of service.lines) {
    if (msg !== "rebalance" || !Array.isArray(partitions)) continue;
    for (const name of partitions) {
      if (kind === "assign") held.add(String(name));
      else held.delete(String(name));
    }
  }
  const numberOf = (name: string) => name.slice(name.indexOf("["));
  return [...held].find((name) => [...held].every((other) => other === name || numberOf(other) !== numberOf(name)));
}
