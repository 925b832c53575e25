/**
 * Section `growth`: what a record costs with more series, more features, more popular series and more instances. Processor time and
 * records/s are of the second half of the input, in which the series are there already.
 */
import type { ServiceName } from "../../../services/names.js";
import { type App, RegattaApp } from "../app.js";
import { Hosts } from "../hosts.js";
import type { Input } from "../input.js";
import { momentOf, runThrough } from "../measure.js";
import type { Bench, Figures, Section, Step } from "../section.js";
import { seriesFor } from "../section.js";
import { hotPartitionStep } from "./hot-partition.js";
import { BOTH, linearInput } from "./throughput.js";

const SERIES = [1, 100, 10_000, 100_000, 1_000_000] as const;
/** Services whose growth is measured at the least and the most that count as many series. */
const OTHER_SERVICES: readonly ServiceName[] = ["deserializer", "stateful-estimator", "ml-racer"];
const OTHER_SERIES = [100, 1_000_000] as const;
/** The linear model alone: the trees' time would hide that of everything else. */
const ML_ENVIRONMENT = { ML_MODELS: "lin" } as const;
const FEATURES = [1, 10, 100] as const;
const INSTANCES = [1, 2, 3, 4] as const;
const MANY_SERIES = 100_000;
const FEW_SERIES = 100;
const ZIPF = 1.2;

export const growth: Section = {
  name: "growth",
  doc: "what a record costs with more series, features and instances, with popular series and with a hot partition",
  // What a changelog had is measured on the broker's disk: nothing of it may be compacted before.
  properties: { "log.cleaner.min.compaction.lag.ms": "86400000" },
  steps({ records }) {
    const popularity = seriesFor(records, [MANY_SERIES])[0];
    return [
      ...seriesFor(records, SERIES).map((series) =>
        stepOf({ name: "rls", services: ["rls-racer"], input: given(series) }),
      ),
      ...OTHER_SERVICES.flatMap((service) =>
        seriesFor(records, OTHER_SERIES).map((series) =>
          stepOf({
            name: service,
            services: [service],
            input: service === "deserializer" ? linearInput(series) : given(series),
            ...(service === "ml-racer" ? { environment: ML_ENVIRONMENT } : {}),
          }),
        ),
      ),
      ...FEATURES.map((features) => {
        const input = {
          raw: `bench-features-${features}`,
          form: "observations",
          series: FEW_SERIES,
          features,
        } as const;
        return stepOf({
          name: `rls-features-${features}`,
          services: ["rls-racer"],
          input,
          part: 1 / Math.sqrt(features),
        });
      }),
      stepOf({ name: "both-uniform", services: BOTH, input: linearInput(popularity) }),
      stepOf({
        name: "both-zipf",
        services: BOTH,
        input: { raw: "bench-zipf", form: "raw", series: popularity, popularity: { zipf: ZIPF } },
      }),
      ...INSTANCES.map((instances) =>
        stepOf({ name: `rls-instances-${instances}`, services: ["rls-racer"], input: given(FEW_SERIES), instances }),
      ),
      hotPartitionStep("cold-alone", false),
      hotPartitionStep("cold-beside-hot", true),
    ];
  },
};

const given = (series: number) => linearInput(series, "observations");

interface Case {
  readonly name: string;
  readonly services: readonly ServiceName[];
  readonly input: Input;
  readonly environment?: Readonly<Record<string, string>>;
  readonly instances?: number;
  /** Part of the records of a full run. */
  readonly part?: number;
}

function stepOf({ name, services, input, environment = {}, instances = 1, part = 1 }: Case): Step {
  const { series } = input;
  return {
    name: `${name}, ${series} series`,
    async measure(bench) {
      const run = bench.newRun();
      // Two records a series, at least: the first one makes its state.
      const records = Math.max(2 * series, Math.round(part * bench.records));
      await bench.kafka.fill(input, records);
      const hosts = Array.from(
        { length: instances },
        (_, at) =>
          new RegattaApp({ kafka: bench.kafka, run, host: `host${at}`, services, raw: input.raw, environment }),
      );
      const figures = await secondHalf(bench, new Hosts(hosts), records);
      const changelogBytesPerRecord = bench.kafka.changelogBytes(run) / records;
      return [{ case: name, series, records, figures: { ...figures, changelogBytesPerRecord } }];
    },
  };
}

async function secondHalf({ kafka }: Bench, app: App, records: number): Promise<Figures> {
  const { progress, watch, otherShare } = await runThrough(kafka, app, records);
  const results = records * app.resultsPerRecord;
  const [half, most] = [momentOf(progress, results / 2), momentOf(progress, 0.95 * results)];
  const cpuSeconds = watch.cpuSecondsAt(most) - watch.cpuSecondsAt(half);
  return {
    recordsPerSecond: (0.45 * records) / ((most - half) / 1000),
    cpuSecondsPerMillion: (cpuSeconds / (0.45 * records)) * 1e6,
    peakMiB: watch.peakMiB,
    residentMiBAtHalf: watch.residentMiBAt(half),
    residentMiBAtEnd: watch.residentMiBAt(progress.endMs),
    otherShare,
  };
}
