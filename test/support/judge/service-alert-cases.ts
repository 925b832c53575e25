/** Cases of the alerts about services that are away, or do not run. */
import { SERVICE_NAMES } from "../../../services/names.js";
import { type AlertCase, LABELS, of, RACER, up } from "./alert-case.js";

export const SERVICE_CASES: readonly AlertCase[] = [
  {
    alert: "RegattaServiceAbsent",
    when: "a stopped service has no address any more",
    scraped: up(SERVICE_NAMES.filter((service) => service !== "ml-racer")),
    by: "5m",
    labels: { job: "regatta", service: "ml-racer" },
    notWhen: "every service has a replica that answers",
    quiet: { ...up(SERVICE_NAMES), 'up{job="regatta", service="ml-racer", instance="b:9464"}': "0x130" },
  },
  {
    alert: "RegattaServiceAbsent",
    when: "the only replica does not answer",
    scraped: { ...up(SERVICE_NAMES.slice(1)), ...up(SERVICE_NAMES.slice(0, 1), "0x60") },
    by: "5m",
    labels: { job: "regatta", service: "producer" },
    notWhen: "a replica was away for half a minute",
    quiet: { ...up(SERVICE_NAMES.slice(1)), ...up(SERVICE_NAMES.slice(0, 1), "1x10 0x1 1x120") },
  },
  {
    alert: "RegattaTargetDown",
    when: "one of two replicas does not answer",
    scraped: { ...up(["rls-racer"]), [`up{job="regatta", ${RACER}}`]: "0x60" },
    by: "5m",
    labels: { ...LABELS, job: "regatta" },
    notWhen: "none answers, which is another alert's",
    quiet: { [`up{job="regatta", ${RACER}}`]: "0x60" },
  },
  {
    alert: "RegattaRestarts",
    when: "a process was started three times more in a quarter of an hour",
    scraped: { [of("process_start_time_seconds", `job="regatta", ${RACER}`)]: "100x10 200x10 300x10 400x10" },
    by: "10m",
    labels: { ...LABELS, job: "regatta" },
    notWhen: "it was started once more",
    quiet: { [of("process_start_time_seconds", `job="regatta", ${RACER}`)]: "100x10 200x60" },
  },
  {
    alert: "RegattaNotRunning",
    when: "a service waits for Kafka",
    scraped: { [of("regatta_service_state", `${RACER}, state="waiting"`)]: "1x60" },
    by: "5m",
    labels: { ...LABELS, state: "waiting" },
    notWhen: "it waited for a minute at its start, and restores",
    quiet: {
      [of("regatta_service_state", `${RACER}, state="waiting"`)]: "1x4 0x60",
      [of("regatta_service_state", `${RACER}, state="restoring"`)]: "0x4 1x60",
    },
  },
];
