/** For every alert a fault that it is for, and a situation that it must not be confused with. */
import type { AlertCase } from "./alert-case.js";
import { SERVICE_CASES } from "./service-alert-cases.js";
import { STREAM_CASES } from "./stream-alert-cases.js";
import { TASK_CASES } from "./task-alert-cases.js";

export const ALERT_CASES: readonly AlertCase[] = [...SERVICE_CASES, ...STREAM_CASES, ...TASK_CASES];
