/** What a process with nothing to do tells its metrics. */
import type { Probes } from "../../shared/kernel/probes.js";

export const idleProbes: Probes = {
  lag: () => [],
  unstable: () => [],
  secondsAhead: () => 0,
  state: () => "running",
  taskStates: () => ({}),
  storeBytes: async () => [],
  transactionRecords: () => 0,
  standbyLag: () => [],
  diskAvailableBytes: async () => undefined,
};
