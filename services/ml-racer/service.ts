/** ml-racer: scikit-learn's models race on every series; each is trained on the newest observations at every record. */
import { type Settings, setting } from "../../shared/config.js";
import { NON_LINEAR_TOPIC, observationsTopic, topics } from "../../shared/contract/topics.js";
import { MIB, memoryLimitBytes } from "../../shared/memory-budget.js";
import { judgeSettings } from "../../shared/race/judge/judge-settings.js";
import { labelMetrics } from "../../shared/race/ledger/label-metrics.js";
import { labelSettings } from "../../shared/race/ledger/label-settings.js";
import { ledgerCodec, openQuestions, questionCodec } from "../../shared/race/ledger/ledger-codecs.js";
import { raceMetrics } from "../../shared/race/metrics.js";
import type { ProcessorService } from "../../shared/service-definition.js";
import { threadCount, topicList, wholeNumber } from "../../shared/setting-kinds.js";
import { newestSlots, RING_LENGTH_MAX, rowCodec } from "../../shared/state/row-ring.js";
import { newForecaster } from "./forecaster.js";
import { modelListSchema } from "./model-list.js";
import { scratchBytes } from "./models/model-registry.js";
import { type MlMetrics, processObservation, type RaceStates } from "./processor.js";
import { raceCodec } from "./race-codec.js";
import { lengthFaults } from "./window.js";

const settings = {
  models: setting("ML_MODELS", modelListSchema, {
    default: "rf,lin,gb",
    doc:
      "models of the race, comma-separated, each with hyper-parameters that differ from scikit-learn's defaults, for example " +
      "`gb:n_estimators=50:max_depth=2`. A new name, or other hyper-parameters, starts with no score in every series; a name " +
      "no longer listed is dropped",
  }),
  inputTopics: setting("INPUT_TOPICS", topicList(), {
    default: observationsTopic(NON_LINEAR_TOPIC).name,
    doc: "topics of observations to read, comma-separated",
  }),
  windowLength: setting("WINDOW_LENGTH", wholeNumber(1, RING_LENGTH_MAX), {
    default: "50",
    doc:
      "newest observations of a series that are kept; a window that grows has zeros where it was shorter, one that shrinks " +
      "drops the oldest, and scores go on",
  }),
  trainLength: setting("TRAIN_LENGTH", wholeNumber(1, RING_LENGTH_MAX), {
    default: "25",
    doc:
      "newest observations of the window that models are trained on, at most WINDOW_LENGTH; another number holds from the " +
      "next observation on, and scores go on",
  }),
  threads: setting("ML_THREADS", threadCount(), {
    default: "auto",
    doc:
      "worker threads that refits are spread over, 1 to 64; `auto` is one for each processor of the container or machine, but at most " +
      "16 and one for each 64 MiB of memory. Results do not depend on it",
  }),
  modelTimeoutMs: setting("MODEL_TIMEOUT_MS", wholeNumber(100, 3_600_000), {
    default: "30000",
    doc:
      "longest that a model may take for one forecast, in ms; then its thread is ended and the model refuses that observation " +
      "(`took-too-long`). Results depend on it where a model comes near to it",
  }),
  ...labelSettings,
  ...judgeSettings,
  metricsSeriesMax: setting("METRICS_SERIES_MAX", wholeNumber(0, 10_000), {
    default: "20",
    doc: "number of series whose scores are shown as metrics",
  }),
};

/** The service, for the kernel to run. */
export const mlRacer: ProcessorService<typeof settings, RaceStates, MlMetrics> = {
  kind: "processor",
  name: "ml-racer",
  settings,
  check: (read) => [...trainingFaults(read), ...memoryFaults(read)],
  inputs: ({ inputTopics }) => inputTopics,
  outputs: ({ best }) => [
    topics.mlPredictions,
    topics.mlStandings,
    topics.mlVerdicts,
    ...(best ? [topics.mlBest] : []),
  ],
  stores: { race: raceCodec, window: rowCodec, ledger: ledgerCodec, questions: questionCodec },
  slots: {
    window: ({ race }) => newestSlots(race, "window"),
    questions: ({ ledger }) => openQuestions(ledger),
  },
  metrics: (registry) => ({ ...raceMetrics(registry), labels: labelMetrics(registry) }),
  work: {
    threads: ({ threads }) => threads,
    timeoutMs: ({ modelTimeoutMs }) => modelTimeoutMs,
    runner: newForecaster,
    module: new URL("./forecast-thread.js", import.meta.url),
  },
  taskClosed: (partition, metrics) => metrics.hide(partition),
  process: processObservation,
};

type Read = Partial<Settings<typeof settings>>;

function trainingFaults({ windowLength, trainLength }: Read): readonly string[] {
  if (windowLength === undefined || trainLength === undefined) return [];
  return lengthFaults(windowLength, trainLength).map((fault) => `TRAIN_LENGTH=${trainLength}: ${fault}`);
}

/** Whether the models need more memory than the process has, even for a series of a single feature. */
function memoryFaults({ models, trainLength, threads }: Read): readonly string[] {
  if (models === undefined || trainLength === undefined || threads === undefined) return [];
  const bytes = models.reduce((sum, model) => sum + scratchBytes(model, { features: 1, trainLength }), 0);
  const mib = Math.ceil((bytes * Math.max(1, threads)) / MIB);
  const limitMib = Math.floor(memoryLimitBytes() / MIB);
  if (mib <= limitMib) return [];
  return [
    `ML_MODELS with TRAIN_LENGTH=${trainLength} and ML_THREADS=${threads}: expected models that take at most the ${limitMib} MiB of ` +
      `this process, got some that take ${mib} MiB for a series of one feature; set fewer n_estimators, models, rows or threads`,
  ];
}
