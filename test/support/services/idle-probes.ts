/** What a process with nothing to do tells its metrics. */
import type { Probes } from "../../../shared/kernel/observe/service-view.js";
import { StateMemory } from "../../../shared/kernel/store/state-memory.js";

export const idleProbes: Probes = {
  lag: () => [],
  standing: () => [],
  unstable: () => [],
  secondsAhead: () => 0,
  state: () => "running",
  taskStates: () => ({}),
  storeBytes: async () => [],
  transactionRecords: () => 0,
  memory: new StateMemory(0, 0),
  standbyLag: () => [],
  diskAvailableBytes: async () => undefined,
};
