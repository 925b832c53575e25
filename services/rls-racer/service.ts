/** rls-racer: recursive least squares models with different forgetting factors race on every series. */
import { setting } from "../../shared/config.js";
import { LINEAR_TOPIC, observationsTopic, topics } from "../../shared/contract/topics.js";
import { judgeSettings } from "../../shared/race/judge/judge-settings.js";
import { labelMetrics } from "../../shared/race/ledger/label-metrics.js";
import { labelSettings } from "../../shared/race/ledger/label-settings.js";
import { ledgerCodec, openQuestions, questionCodec } from "../../shared/race/ledger/ledger-codecs.js";
import { type ModelGauge, raceMetrics } from "../../shared/race/metrics.js";
import type { ProcessorService } from "../../shared/service-definition.js";
import { topicList, wholeNumber } from "../../shared/setting-kinds.js";
import { covarianceTrace } from "./covariance.js";
import { modelList } from "./model-list.js";
import { processObservation, type RaceStates, type RlsMetrics } from "./processor.js";
import { raceCodec } from "./race-codec.js";
import { type ShownModel, shownBytes } from "./shown-race.js";

const settings = {
  models: setting("RLS_MODELS", modelList, {
    default: "rls1:1.0,rls2:0.99",
    doc:
      "models of the RLS race, comma-separated: `<name>:<forgetting factor from 1e-150 to 1>`, or `last`, `mean`, `holt`, `sgd` with their " +
      "hyper-parameters, for example `last:lag=7`. A new name, or another factor, starts " +
      "from nothing in every series; a name no longer listed is dropped",
  }),
  inputTopics: setting("INPUT_TOPICS", topicList(), {
    default: observationsTopic(LINEAR_TOPIC).name,
    doc: "topics of observations to read, comma-separated",
  }),
  ...labelSettings,
  ...judgeSettings,
  metricsSeriesMax: setting("METRICS_SERIES_MAX", wholeNumber(0, 10_000), {
    default: "20",
    doc: "number of series whose scores are shown as metrics",
  }),
};

const traceGauge: ModelGauge<ShownModel> = {
  name: "regatta_rls_covariance_trace",
  help: "Trace of the covariance V of a model in a series: it grows where a direction of x is not excited",
  of: ({ rls, p }) => (rls.length === 0 ? undefined : covarianceTrace(rls, 0, p)),
};

/** The service, for the kernel to run. */
export const rlsRacer: ProcessorService<typeof settings, RaceStates, RlsMetrics> = {
  kind: "processor",
  name: "rls-racer",
  settings,
  inputs: ({ inputTopics }) => inputTopics,
  outputs: ({ best }) => [
    topics.rlsPredictions,
    topics.rlsStandings,
    topics.rlsVerdicts,
    ...(best ? [topics.rlsBest] : []),
  ],
  stores: { race: raceCodec, ledger: ledgerCodec, questions: questionCodec },
  slots: { questions: ({ ledger }) => openQuestions(ledger) },
  metrics: (registry) => ({
    ...raceMetrics(registry, [traceGauge], shownBytes),
    labels: labelMetrics(registry),
  }),
  taskClosed: (partition, metrics) => metrics.hide(partition),
  process: processObservation,
};
