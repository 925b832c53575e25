import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { CommittedCounter, committedCounters } from "../../../shared/committed-counter.js";

describe("a counter of what was committed", () => {
  it("shows increases once they are committed, and never those that were aborted", async () => {
    const registry = new Registry();
    const counter = new CommittedCounter<"topic">(registry, {
      name: "seen_total",
      help: "Seen",
      labelNames: ["topic"],
    });
    const shown = async () =>
      Object.fromEntries((await metric(registry)).map(({ labels, value }) => [labels.topic, value]));
    const [known] = committedCounters(registry);
    assert.equal(known, counter);

    counter.inc({ topic: "a" });
    counter.inc({ topic: "a" }, 2);
    counter.inc({ topic: "b" });
    known.seal();
    assert.deepEqual(await shown(), {});
    known.committed();
    assert.deepEqual(await shown(), { a: 3, b: 1 });
    counter.inc({ topic: "a" }, 100);
    known.aborted();
    counter.inc({ topic: "b" });
    known.seal();
    known.committed();
    known.committed();
    assert.deepEqual(await shown(), { a: 3, b: 2 });
  });

  it("leaves increases to the next commit that come while one is under way, and drops both where that fails", async () => {
    const registry = new Registry();
    const counter = new CommittedCounter(registry, { name: "seen_total", help: "Seen" });
    const shown = async () => (await metric(registry)).map(({ value }) => value);
    counter.inc({}, 2);
    counter.seal();
    counter.inc({}, 5);
    counter.committed();
    assert.deepEqual(await shown(), [2]);
    counter.seal();
    counter.inc({}, 10);
    counter.aborted();
    counter.committed();
    counter.seal();
    counter.committed();
    assert.deepEqual(await shown(), [2]);
  });

  it("is found also where it was made after the registry was asked for its counters", () => {
    const registry = new Registry();
    const counters = committedCounters(registry);
    assert.deepEqual(counters, []);
    const counter = new CommittedCounter(registry, { name: "late_total", help: "Late" });
    assert.deepEqual(counters, [counter]);
  });
});

async function metric(registry: Registry) {
  return (await registry.getSingleMetric("seen_total")?.get())?.values ?? [];
}
