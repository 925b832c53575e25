/** Gauges that are read from the running process when they are scraped. */
import { readFileSync } from "node:fs";
import { Gauge, type Registry } from "prom-client";
import { memoryLimitBytes } from "../../memory-budget.js";
import { SERVICE_STATES, type ServiceView } from "./service-view.js";

/** Registers the gauges that show what a service is, how far it lags and what it keeps. */
export function registerGauges(registry: Registry, view: ServiceView): void {
  registerLag(registry, view);
  registerStates(registry, view);
  registerStandbys(registry, view);
  registerSizes(registry, view);
  registerMemory(registry, view);
}

function registerLag(registry: Registry, view: ServiceView): void {
  new Gauge({
    name: "regatta_input_timestamp_ahead_seconds",
    help: "How far in the future the newest input record was stamped: the sender's clock is ahead of this one",
    registers: [registry],
    collect() {
      this.set(view.secondsAhead);
    },
  });
  new Gauge({
    name: "regatta_input_unstable_records",
    help: "Records of an input partition behind the first transaction that its writer has left open: nobody may read them yet",
    labelNames: ["topic", "partition"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { topic, partition, records } of view.inputs.unstable())
        this.set({ topic, partition: String(partition) }, records);
    },
  });
  new Gauge({
    name: "regatta_task_standing_seconds",
    help: "How long a task has had records of an input partition to process and got no further; 0 where it does",
    labelNames: ["task", "topic", "partition"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { task, topic, partition, standsSeconds } of view.inputs.standing)
        this.set({ task, topic, partition: String(partition) }, standsSeconds);
    },
  });
  const gauges = [
    {
      name: "regatta_consumer_lag_records",
      help: "Committed records of an input partition that this instance has not processed yet",
      field: "records",
    },
    {
      name: "regatta_consumer_lag_seconds",
      help: "How long the oldest record that is not processed has been in its input partition; 0 where there is none",
      field: "seconds",
    },
    { name: "regatta_input_position", help: "Next offset of an input partition to process", field: "position" },
  ] as const;
  for (const { name, help, field } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ["topic", "partition"],
      registers: [registry],
      collect() {
        this.reset();
        for (const at of view.inputs.lag()) this.set({ topic: at.topic, partition: String(at.partition) }, at[field]);
      },
    });
  }
}

function registerStates(registry: Registry, view: ServiceView): void {
  const registers = [registry];
  new Gauge({
    name: "regatta_build_info",
    help: "1, labelled with the versions that run",
    labelNames: ["version", "node"],
    registers,
  }).set({ version: projectVersion(), node: process.versions.node }, 1);
  new Gauge({
    name: "regatta_service_state",
    help: "1 for the state that the service is in, 0 for the others",
    labelNames: ["state"],
    registers,
    collect() {
      const now = view.state;
      for (const state of SERVICE_STATES) this.set({ state }, Number(state === now));
    },
  });
  new Gauge({
    name: "regatta_tasks",
    help: "Tasks of this instance by state",
    labelNames: ["state"],
    registers,
    collect() {
      for (const [state, count] of Object.entries(view.taskStates)) this.set({ state }, count);
    },
  });
}

function registerStandbys(registry: Registry, view: ServiceView): void {
  const registers = [registry];
  new Gauge({
    name: "regatta_standby_tasks",
    help: "Tasks of other hosts whose state this instance keeps a copy of",
    registers,
    collect() {
      this.set(view.standbyLag().length);
    },
  });
  new Gauge({
    name: "regatta_standby_lag_records",
    help: "Changelog offsets that a standby has still to apply",
    labelNames: ["partition"],
    registers,
    collect() {
      this.reset();
      for (const { partition, records } of view.standbyLag()) this.set({ partition: String(partition) }, records);
    },
  });
}

function registerSizes(registry: Registry, view: ServiceView): void {
  const registers = [registry];
  new Gauge({
    name: "regatta_store_bytes",
    help: "Size on disk of a task's LevelDB folder",
    labelNames: ["partition"],
    registers,
    async collect() {
      const sizes = await view.folderBytes();
      this.reset();
      for (const { partition, bytes } of sizes) this.set({ partition: String(partition) }, bytes);
    },
  });
  new Gauge({
    name: "regatta_state_disk_available_bytes",
    help: "Free bytes of the file system that holds STATE_DIR",
    registers,
    async collect() {
      const bytes = await view.diskAvailableBytes();
      if (bytes === undefined) this.remove();
      else this.set(bytes);
    },
  });
  new Gauge({
    name: "regatta_memory_limit_bytes",
    help: "Memory that the process may use: the limit of its container, or what the machine has",
    registers,
  }).set(memoryLimitBytes());
  new Gauge({
    name: "regatta_transaction_open_records",
    help: "Records written since the last commit",
    registers,
    collect() {
      this.set(view.transactionRecords);
    },
  });
}

function registerMemory(registry: Registry, { memory }: ServiceView): void {
  const registers = [registry];
  new Gauge({
    name: "regatta_state_cache_bytes",
    help: "State values that need not be read from LevelDB, of all tasks, with what their keys take",
    registers,
    collect() {
      this.set(memory.cachedBytes);
    },
  });
  new Gauge({
    name: "regatta_state_packed_memory_bytes",
    help: "Memory outside of the heap that packed state values lie in, with what is free in it",
    registers,
    collect() {
      this.set(memory.packed.memoryBytes);
    },
  });
  new Gauge({
    name: "regatta_state_unsaved_bytes",
    help: "State values that are committed and not in LevelDB yet, of all tasks",
    registers,
    collect() {
      this.set(memory.unsavedBytes);
    },
  });
  new Gauge({
    name: "regatta_transaction_open_state_bytes",
    help: "State values changed since the last commit, of all tasks: a large one is committed early",
    registers,
    collect() {
      this.set(memory.changedBytes);
    },
  });
}

function projectVersion(): string {
  const packageFile = new URL("../../../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  return version;
}
