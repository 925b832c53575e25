/** Cases of the alerts about tasks, models, memory and disks. */
import { type AlertCase, LABELS, of, RACER } from "./alert-case.js";

export const TASK_CASES: readonly AlertCase[] = [
  {
    alert: "RegattaRestoringLong",
    when: "a task is restored for more than ten minutes",
    scraped: { [of("regatta_tasks", `${RACER}, state="restoring"`)]: "2x60" },
    by: "12m",
    labels: { ...LABELS, state: "restoring" },
    notWhen: "tasks are restored for five",
    quiet: { [of("regatta_tasks", `${RACER}, state="restoring"`)]: "2x20 0x60" },
  },
  {
    alert: "RegattaProducerReplacements",
    when: "a producer is replaced every two minutes",
    scraped: {
      [of("regatta_producer_replacements_total", `${RACER}, reason="failed"`)]: "0x7 1x7 2x7 3x7 4x7 5x7 6x7",
    },
    by: "13m",
    labels: LABELS,
    notWhen: "it was replaced twice",
    quiet: { [of("regatta_producer_replacements_total", `${RACER}, reason="failed"`)]: "0x7 1x7 2x60" },
  },
  {
    alert: "RegattaFenced",
    when: "two instances fence each other",
    scraped: { [of("regatta_producer_replacements_total", `${RACER}, reason="fenced"`)]: "0+1x20" },
    by: "3m",
    labels: LABELS,
    notWhen: "producers fail for other reasons, and one was fenced once",
    quiet: {
      [of("regatta_producer_replacements_total", `${RACER}, reason="fenced"`)]: "0x5 1x40",
      [of("regatta_producer_replacements_total", `${RACER}, reason="failed"`)]: "0+1x45",
    },
  },
  {
    alert: "RegattaStoreDamaged",
    when: "one folder was moved aside",
    scraped: { [of("regatta_store_damages_total")]: "0x10 1x30" },
    by: "5m",
    labels: LABELS,
    notWhen: "that was more than an hour ago",
    quiet: { [of("regatta_store_damages_total")]: "1x60" },
  },
  {
    alert: "RegattaSeriesMisplaced",
    when: "the first series of a topic is misplaced",
    scraped: { [of("regatta_series_misplaced_total", `${RACER}, topic="raw"`)]: "_x5 1x100" },
    by: "8m",
    labels: { ...LABELS, topic: "raw" },
    notWhen: "every series is where its key belongs",
    quiet: { [of("regatta_series_misplaced_total", `${RACER}, topic="raw"`)]: "0x200" },
  },
  {
    alert: "RegattaModelRefuses",
    when: "a model refuses an observation a minute",
    scraped: {
      [of("regatta_model_refusals_total", `${RACER}, topic="raw", model="rls2", reason="update-not-finite"`)]:
        "0+0.25x100",
    },
    by: "20m",
    labels: { service: "rls-racer", topic: "raw", model: "rls2", reason: "update-not-finite" },
    notWhen: "it refused six of each of two races",
    quiet: {
      [of("regatta_model_refusals_total", `${RACER}, topic="raw", model="rls2", reason="update-not-finite"`)]:
        "0+1x6 6x90",
      [of("regatta_model_refusals_total", `${RACER}, topic="other", model="rls2", reason="update-not-finite"`)]:
        "0+1x6 6x90",
    },
  },
  {
    alert: "RegattaModelLeftOut",
    when: "a model was left out of its first series",
    scraped: { [of("regatta_model_left_out_total", `${RACER}, topic="raw", model="lin"`)]: "_x20 1x110" },
    by: "6m",
    labels: { service: "rls-racer", topic: "raw", model: "lin" },
    notWhen: "none was for an hour",
    quiet: { [of("regatta_model_left_out_total", `${RACER}, topic="raw", model="lin"`)]: "0x130" },
  },
  {
    alert: "RegattaModelResets",
    when: "a model begins anew every five minutes",
    scraped: {
      [of("regatta_model_resets_total", `${RACER}, topic="raw", model="rls2", reason="refusals-in-a-row"`)]:
        "1x20 2x20 3x20 4x20 5x20 6x20",
    },
    by: "28m",
    labels: { service: "rls-racer", topic: "raw", model: "rls2", reason: "refusals-in-a-row" },
    notWhen: "it did so twice",
    quiet: {
      [of("regatta_model_resets_total", `${RACER}, topic="raw", model="rls2", reason="refusals-in-a-row"`)]:
        "1x20 2x110",
    },
  },
  {
    alert: "RegattaMemoryHigh",
    when: "95 of 100 MB are used for five minutes",
    scraped: {
      [of("process_resident_memory_bytes", `job="regatta", ${RACER}`)]: "95e6x60",
      [of("regatta_memory_limit_bytes")]: "100e6x60",
    },
    by: "8m",
    labels: LABELS,
    notWhen: "half is used",
    quiet: {
      [of("process_resident_memory_bytes", `job="regatta", ${RACER}`)]: "50e6x60",
      [of("regatta_memory_limit_bytes")]: "100e6x60",
    },
  },
  {
    alert: "RegattaDiskLow",
    when: "less than 1 GiB is free",
    scraped: { [of("regatta_state_disk_available_bytes")]: "1e9x60" },
    by: "12m",
    labels: LABELS,
    notWhen: "a hundred are",
    quiet: { [of("regatta_state_disk_available_bytes")]: "1e11x60" },
  },
  {
    alert: "RegattaDiskLow",
    when: "the disk will be full in three hours, at the rate of the last one",
    scraped: { [of("regatta_state_disk_available_bytes")]: "18e9-25e6x260" },
    by: "45m",
    labels: LABELS,
    notWhen: "others write ten GiB in half an hour, and sixty are left",
    quiet: { [of("regatta_state_disk_available_bytes")]: "70e9-89e6x300" },
    quietAt: ["12m", "30m", "45m", "60m"],
  },
  {
    alert: "RegattaDiskLow",
    when: "it fills up, whatever was written before",
    scraped: { [of("regatta_state_disk_available_bytes")]: "15e9x60 15e9-30e6x300" },
    by: "70m",
    labels: LABELS,
    notWhen: "a replica was started minutes ago, and one whose disk filled up has gone",
    quiet: {
      [of("regatta_state_disk_available_bytes")]: "_x60 15e9-30e6x60",
      [of("regatta_state_disk_available_bytes", 'service="rls-racer", instance="b:9464"')]: "10e9-90e6x80 stale",
    },
    quietAt: ["18m", "21m", "25m", "28m", "30m", "32m"],
  },
];
