/** Panels of what is held and used: tasks, state, memory, time. */

import { lines, SERVICE, UNITS, WINDOW } from "./panels.js";
import { states } from "./state-panels.js";

const THIRD = { width: 8, height: 8 };
const GIB = 2 ** 30;

/** Tasks and their state stores. */
export function statePanels() {
  return [
    states({
      title: "Tasks that do not run",
      description: "Tasks of each service that are created, restored or suspended: their records wait. All should run.",
      queries: [
        { expr: `sum by (service) (regatta_tasks{state!~"running|closed", ${SERVICE}})`, legend: "{{service}}" },
      ],
      unit: UNITS.none,
      size: THIRD,
      steps: [
        { from: 0, color: "green" },
        { from: 1, color: "yellow" },
      ],
    }),
    lines({
      title: "State restored",
      description: "Changelog records replayed per second, by service. A clean stop and start replays none.",
      queries: [
        {
          expr: `sum by (service) (rate(regatta_restored_records_total{${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.recordsPerSecond,
      size: THIRD,
    }),
    lines({
      title: "State left to restore",
      description: "Changelog records still to replay before all tasks of a service run.",
      queries: [
        {
          expr: `sum by (service) (regatta_restore_remaining_records{${SERVICE}}) or 0 * sum by (service) (regatta_tasks{${SERVICE}})`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "State on disk",
      description:
        "Size of the LevelDB folders, by service. It grows with the number of series, not with that of records.",
      queries: [{ expr: `sum by (service) (regatta_store_bytes{${SERVICE}})`, legend: "{{service}}" }],
      unit: UNITS.bytes,
      size: THIRD,
    }),
    lines({
      title: "Folders moved aside",
      description:
        "State folders that could not be used and were reset and restored, since the replica started. After any, examine the disk.",
      queries: [{ expr: `sum by (service) (regatta_store_damages_total{${SERVICE}})`, legend: "{{service}}" }],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Disk left",
      description: "Free bytes of the file system with the state, by service, where least is left.",
      queries: [{ expr: `min by (service) (regatta_state_disk_available_bytes{${SERVICE}})`, legend: "{{service}}" }],
      unit: UNITS.bytes,
      size: THIRD,
      limits: [{ from: GIB, color: "red" }],
    }),
  ];
}

/** What the processes take of their machine. */
export function resourcePanels() {
  return [
    lines({
      title: "CPU",
      description: "Cores used by each replica. JavaScript takes one at most; Kafka's client has threads of its own.",
      queries: [
        {
          expr: `rate(process_cpu_seconds_total{job="regatta", ${SERVICE}}[${WINDOW}])`,
          legend: "{{service}} {{instance}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Memory",
      description:
        "Resident memory of each replica as a share of what it may use. At 100 % it is killed and started again.",
      queries: [
        {
          expr: `process_resident_memory_bytes{job="regatta", ${SERVICE}} / on (service, instance) regatta_memory_limit_bytes`,
          legend: "{{service}} {{instance}}",
        },
      ],
      unit: UNITS.share,
      size: THIRD,
      limits: [{ from: 0.9, color: "yellow" }],
    }),
    lines({
      title: "Memory in bytes",
      description:
        "Resident memory of each replica: of use where no limit is set, so that it is a small share of the machine's.",
      queries: [
        {
          expr: `process_resident_memory_bytes{job="regatta", ${SERVICE}}`,
          legend: "{{service}} {{instance}}",
        },
      ],
      unit: UNITS.bytes,
      size: THIRD,
    }),
    lines({
      title: "Event loop, p99",
      description:
        "Delay of the event loop, 99 of 100 turns, by replica. Above seconds the replica answers Kafka late.",
      queries: [
        {
          expr: `nodejs_eventloop_lag_p99_seconds{job="regatta", ${SERVICE}}`,
          legend: "{{service}} {{instance}}",
        },
      ],
      unit: UNITS.duration,
      size: THIRD,
      limits: [{ from: 1, color: "yellow" }],
    }),
    lines({
      title: "Heap and state",
      description:
        "JavaScript heap in use, and state values held outside of it: kept for the next read (cache), changed by the open transaction, not yet in LevelDB (unsaved). All have bounds that follow the memory limit; none grows with lag.",
      queries: [
        {
          expr: `nodejs_heap_size_used_bytes{job="regatta", ${SERVICE}}`,
          legend: "{{service}} {{instance}} heap",
        },
        { expr: `regatta_state_cache_bytes{${SERVICE}}`, legend: "{{service}} {{instance}} cache" },
        { expr: `regatta_transaction_open_state_bytes{${SERVICE}}`, legend: "{{service}} {{instance}} changed" },
        { expr: `regatta_state_unsaved_bytes{${SERVICE}}`, legend: "{{service}} {{instance}} unsaved" },
      ],
      unit: UNITS.bytes,
      size: THIRD,
    }),
    lines({
      title: "Garbage collection",
      description: "Share of the time that each replica spends collecting garbage.",
      queries: [
        {
          expr: `sum by (service, instance) (rate(nodejs_gc_duration_seconds_sum{job="regatta", ${SERVICE}}[${WINDOW}]))`,
          legend: "{{service}} {{instance}}",
        },
      ],
      unit: UNITS.share,
      size: THIRD,
    }),
    lines({
      title: "Open files",
      description: "File descriptors open, by replica: LevelDB's files and the connections to Kafka.",
      queries: [{ expr: `process_open_fds{job="regatta", ${SERVICE}}`, legend: "{{service}} {{instance}}" }],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Open transaction",
      description: "Records written since the last commit, by service, at the moment of the scrape.",
      queries: [{ expr: `sum by (service) (regatta_transaction_open_records{${SERVICE}})`, legend: "{{service}}" }],
      unit: UNITS.records,
      size: THIRD,
    }),
    lines({
      title: "Records of a batch",
      description: "Records that are processed at once, on average, by service. A backlog fills them.",
      queries: [
        {
          expr: `sum by (service) (rate(regatta_batch_records_sum{${SERVICE}}[${WINDOW}])) / (sum by (service) (rate(regatta_batch_records_count{${SERVICE}}[${WINDOW}])) > 0)`,
          legend: "{{service}}",
        },
      ],
      unit: UNITS.records,
      size: THIRD,
    }),
  ];
}
