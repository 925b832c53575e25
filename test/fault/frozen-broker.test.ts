import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { expectFiring } from "../support/judge/firing.js";
import { MISSING_PROMETHEUS, prometheusProgram } from "../support/judge/promtool.js";
import { createTopic } from "../support/kafka/kafka-topics.js";
import { long } from "../support/long.js";
import { WholeRace } from "../support/services/five-services.js";
import type { RunningService } from "../support/services/service-runner.js";
import { stackFor } from "../support/services/stack.js";

/** After some 36 s every thread of the pool would stand in a question that the broker does not answer. */
const FROZEN_MS = long ? 90_000 : 50_000;
/** As Prometheus does it, see prometheus.yml. */
const SCRAPE_INTERVAL_MS = 5000;
const SCRAPE_TIMEOUT_MS = 4000;
/** Where the freeze lasts on, in samples: by then an alert of two minutes has fired. */
const SAMPLES_ON = 60;

/** What one service was asked for while the broker stood still: whether it answered, and the states that it told. */
interface Watched {
  readonly up: number[];
  readonly states: Map<string, number[]>;
}

/** SIGSTOP: connections stay open, and no question is answered. */
describe("a broker that hangs", function () {
  this.timeout(600_000);
  const stack = stackFor();

  it(`for ${FROZEN_MS / 1000} s changes no result, and every service answers all the while and says what it waits for`, async () => {
    const race = WholeRace.start(stack, { rate: 60 });
    // A service with nothing to do keeps asking about its inputs, where the others wait for their transactions.
    await createTopic(stack.brokers, "idle.observations", 2);
    const idle = stack.start("rls-racer", { APPLICATION_ID: "idle", INPUT_TOPICS: "idle.observations" });
    await idle.ready(2);
    await race.progress();
    const services = [...race.services.values(), idle];
    const watched = new Map<RunningService, Watched>(
      services.map((service) => [service, { up: [], states: new Map() }]),
    );

    await stack.kafka.pause();
    for (let passed = 0; passed < FROZEN_MS; passed += SCRAPE_INTERVAL_MS) {
      await Promise.all([
        delay(SCRAPE_INTERVAL_MS),
        ...services.map(async (service) => scrape(service, watched.get(service) as Watched)),
      ]);
    }
    for (const service of services) {
      const { status, text } = await service.get("/ready");
      assert.equal(status, 503, service.name);
      assert.match(text, /waiting for/, service.name);
    }
    race.assertAllRun();
    await stack.kafka.resume();
    console.log(`      results of every service ${(await race.progress()).toFixed(1)} s after it went on`);
    for (const [{ name }, { up, states }] of watched) {
      console.log(
        `      ${name}: up ${up.join("")}, ${[...states].map(([state, samples]) => `${state} ${samples.join("")}`).join(", ")}`,
      );
    }
    for (const [{ name }, { up }] of watched) assert.ok(!up.includes(0), `${name} did not answer: ${up.join("")}`);
    expectAlerts(stack.directory, watched);
    await race.finish([idle]);
  });
});

/** Asks for all that must not wait for Kafka; a store's keys are read in the pool that Kafka's client waits in. */
async function scrape(service: RunningService, { up, states }: Watched): Promise<void> {
  const url = await service.url();
  const ask = async (path: string) => {
    const response = await fetch(url + path, { signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) });
    return { status: response.status, text: await response.text() };
  };
  try {
    const [metrics, ready, state] = await Promise.all([ask("/metrics"), ask("/ready"), ask("/state")]);
    const [store] = (JSON.parse(state.text) as { stores: string[] }).stores;
    const keys = await ask(`/state/${store}`);
    up.push(Number([metrics, state, keys].every(({ status }) => status === 200) && [200, 503].includes(ready.status)));
    for (const [, state, value] of metrics.text.matchAll(/^regatta_service_state\{.*state="(\w+)".*\} (\d)$/gm)) {
      const samples = states.get(state) ?? [];
      samples.push(Number(value));
      states.set(state, samples);
    }
  } catch (error) {
    console.log(`      ${service.name}: ${error}`);
    up.push(0);
  }
}

/** What was scraped, and the last of it for five minutes on: the services are told to be at fault, and none to be away. */
function expectAlerts(directory: string, watched: ReadonlyMap<RunningService, Watched>): void {
  const program = prometheusProgram("promtool");
  if (program === undefined) {
    console.log(`      Alerts: ${MISSING_PROMETHEUS}.`);
    return;
  }
  const samples = (values: readonly number[]) => `${values.join(" ")} ${values.at(-1)}x${SAMPLES_ON}`;
  const scraped: Record<string, string> = {};
  for (const [{ name, pid }, { up, states }] of watched) {
    const labels = `service="${name}", instance="${pid}"`;
    scraped[`up{job="regatta", ${labels}}`] = samples(up);
    for (const [state, values] of states)
      scraped[`regatta_service_state{${labels}, state="${state}"}`] = samples(values);
  }
  const check = { program, directory, scraped, interval: `${SCRAPE_INTERVAL_MS / 1000}s`, times: ["5m"] };
  const waiting = [...watched.keys()].map(({ name, pid }) => ({ service: name, instance: `${pid}`, state: "waiting" }));
  expectFiring({ ...check, alert: "RegattaNotRunning", labels: waiting });
  expectFiring({ ...check, alert: "RegattaServiceAbsent", labels: [] });
}
