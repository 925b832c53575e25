import assert from "node:assert/strict";
import { join } from "node:path";
import { partitionOfKey } from "../../shared/partitioner.js";
import { annotationQueries, panelQueries } from "../support/judge/dashboard-queries.js";
import { PrometheusServer } from "../support/judge/prometheus-server.js";
import { MISSING_PROMETHEUS, prometheusProgram } from "../support/judge/promtool.js";
import { alertRules, recordingRules } from "../support/judge/rule-files.js";
import { topicEnd, writeRecords } from "../support/kafka/kafka-topics.js";
import type { RunningService } from "../support/services/service-runner.js";
import { Stack } from "../support/services/stack.js";
import { waitFor } from "../support/wait.js";

const SERIES = 6;
/** Of the topics that the services make. */
const PARTITIONS = 4;
const INPUT = "dataLinearModel.observations";
/** Metrics of a loss, of a model that was reset or of a transaction that hangs. */
const NOT_WHILE_ALL_IS_WELL = new Set([
  "regatta_input_records_lost_total",
  "regatta_model_resets_total",
  "regatta_model_left_out_total",
  "regatta_series_misplaced_total",
]);
const METRIC = /\b(?:service:)?(?:regatta|process|nodejs)_\w+(?::\w+)?/g;

describe("Prometheus that scrapes the services", function () {
  this.timeout(300_000);
  let stack: Stack | undefined;
  let prometheus: PrometheusServer | undefined;
  let producer: RunningService;
  let consumers: RunningService[];
  let racers: RunningService[];

  before(async function () {
    const program = prometheusProgram("prometheus");
    if (program === undefined) {
      console.log(`    ${MISSING_PROMETHEUS}.`);
      this.skip();
    }
    stack = await Stack.open();
    const started = stack;
    producer = stack.start("producer", { SERIES: String(SERIES), RATE: "60" });
    const others = ["deserializer", "stateful-estimator", "ml-racer"].map((name) => started.start(name));
    racers = [stack.start("rls-racer")];
    const [first] = racers;
    // All series are shown by the one before the other comes to share them.
    await waitFor("every series", async () => shownSeries((await first.get("/metrics")).text).length === SERIES);
    racers.push(stack.start("rls-racer"));
    consumers = [...others, ...racers];
    // One record that is none, and one that no model can be scored on.
    const partitionOf = (key: string) => partitionOfKey(Buffer.from(key), PARTITIONS);
    await writeRecords(stack.brokers, [
      { topic: "dataLinearModel", partition: partitionOf("bad"), key: "bad", value: "not a record" },
      {
        topic: "dataLinearModel",
        partition: partitionOf("huge"),
        key: "huge",
        value: '{"i": 0, "y": 1e200, "x": [1]}',
      },
    ]);
    const targets = [producer, ...consumers].map(async (service) => ({
      service: service.name,
      address: new URL(await service.url()).host,
    }));
    prometheus = await PrometheusServer.start(program, join(stack.directory, "prometheus"), await Promise.all(targets));
  });
  after(async () => {
    await prometheus?.stop();
    await stack?.close();
  });

  const ask = async (expr: string) => (await prometheus?.query(expr)) ?? [];
  const hasData = async (expr: string, labels: readonly string[] = []) => {
    const found = (await ask(expr)).filter(({ value }) => Number.isFinite(value));
    return found.length > 0 && found.every((series) => labels.every((label) => label in series.labels));
  };

  it("has data for every line of every panel, with the labels of its legend", async () => {
    const queries = panelQueries();
    assert.ok(queries.length > 40);
    for (const { of, expr, legendLabels } of queries.filter(({ isSeen }) => isSeen)) {
      await waitFor(`data of ${of}: ${expr}`, () => hasData(expr, legendLabels), 90_000);
    }
  });

  it("takes what is asked for lines that are seldom seen, and for marks on the time axis", async () => {
    const queries = [...panelQueries(), ...annotationQueries()].filter(({ isSeen }) => !isSeen);
    assert.ok(queries.length > 5);
    for (const { expr, legendLabels } of queries) {
      for (const { labels } of await ask(expr)) assert.ok(legendLabels.every((label) => label in labels));
    }
  });

  it("has data for every recording rule", async () => {
    for (const { record } of recordingRules()) await waitFor(`data of ${record}`, () => hasData(record), 90_000);
  });

  it("has every metric that an alert asks for, and no alert fires while all is well", async () => {
    for (const { alert, expr } of alertRules()) {
      for (const [metric] of expr.matchAll(METRIC)) {
        if (NOT_WHILE_ALL_IS_WELL.has(metric)) continue;
        await waitFor(`${metric} of ${alert}`, () => hasData(`count(${metric})`), 90_000);
      }
    }
    assert.deepEqual(await ask('ALERTS{alertstate="firing"}'), []);
  });

  it("is told of each series by one instance, the one that has its partition", async () => {
    await waitFor("both instances to show series, none of them twice", async () => {
      const texts = await Promise.all(racers.map((racer) => racer.get("/metrics")));
      const shown = texts.map(({ text }) => shownSeries(text));
      const all = shown.flat();
      return shown.every((of) => of.length > 0) && all.length >= SERIES && new Set(all).size === all.length;
    });
  });

  it("sees every lag fall to 0, at the end of each input, also after a start that finds nothing new", async () => {
    assert.ok(stack);
    const { brokers } = stack;
    assert.equal(await producer.stop(), 0);
    const lags = (service: RunningService) => service.metric("regatta_consumer_lag_records");
    const settled = async () => {
      for (const service of consumers) {
        // More may come between the two, from a service before it.
        await waitFor(
          `the lag of ${service.name} to be 0`,
          async () => (await lags(service)) === 0 && (await service.metric("regatta_consumer_lag_seconds")) === 0,
        );
      }
      const end = await topicEnd(brokers, INPUT);
      await waitFor(`positions at the end ${end} of ${INPUT}`, async () => {
        const positions = await Promise.all(
          racers.map((racer) => racer.metric("regatta_input_position", { topic: INPUT })),
        );
        return positions.reduce((sum, position) => sum + position, 0) === end;
      });
    };
    await settled();
    for (const racer of racers) assert.equal(await racer.stop(), 0);
    consumers = consumers.filter((service) => !racers.includes(service));
    racers = [stack.start("rls-racer")];
    consumers.push(...racers);
    await racers[0].ready(PARTITIONS);
    await settled();
  });

  it("sees producers fence each other where two hosts have one INSTANCE_ID", async () => {
    assert.ok(stack);
    const [racer] = racers;
    stack.start("rls-racer", { STATE_DIR: join(stack.directory, "other-host") });
    const again = stack.start("producer", { SERIES: String(SERIES), RATE: "60" });
    await waitFor(
      "a fenced producer",
      async () => (await racer.metric("regatta_producer_replacements_total", { reason: "fenced" })) > 0,
    );
    assert.equal(await again.stop(), 0);
  });
});

function shownSeries(metrics: string): string[] {
  return [...metrics.matchAll(/^regatta_series_target\{.*series="([^"]+)"/gm)].map(([, series]) => series);
}
