/** The end of every racing service's processing of an observation: its result goes to topics and metrics. */
import type { Prediction, Standings } from "../contract/schemas.js";
import type { Best, Verdict } from "../contract/verdict-schemas.js";
import type { OutputTopic, TaskContext } from "../service-definition.js";
import type { ShownJudge } from "./judge/judge-metrics.js";
import type { RaceMetrics } from "./metrics.js";
import type { ObservationHead, RaceResult } from "./race.js";
import type { Contestant } from "./score.js";

/** The topics of one racing service. */
export interface RaceTopics<P extends Prediction> {
  readonly predictions: OutputTopic<P>;
  readonly standings: OutputTopic<Standings>;
  readonly best: OutputTopic<Best>;
  readonly verdicts: OutputTopic<Verdict>;
}

/** What publishing needs of a service's settings. */
export interface PublishSettings {
  /** Number of series whose scores are shown as metrics. */
  readonly metricsSeriesMax: number;
}

/** The observation that the result is of. */
export interface RaceEntry<M extends Contestant> {
  /** State key of the series. */
  readonly key: string;
  /** The partition that it was read from. */
  readonly partition: number;
  readonly of: ObservationHead;
  /** The live models of the race. */
  readonly models: readonly M[];
  /** The live judge of the race. */
  readonly judge: ShownJudge;
  /** Questions that are open. */
  readonly open: number;
}

/** Forwards a prediction, and counts it where its model refused. Keyed by series, so that a series stays in one partition. */
export function publishPrediction<P extends Prediction>(
  context: Pick<TaskContext<unknown, unknown, Pick<RaceMetrics, "refused">>, "forward" | "metrics">,
  topic: OutputTopic<P>,
  prediction: P,
): void {
  context.forward(topic, prediction.series, prediction);
  if (prediction.reason !== undefined) context.metrics.refused(prediction.topic, prediction.model, prediction.reason);
}

/**
 * Forwards a verdict, and counts it where the champion has changed.
 * @param key state key of the series, as of standings
 */
export function publishVerdict(
  context: Pick<TaskContext<unknown, unknown, Pick<RaceMetrics, "switched">>, "forward" | "metrics">,
  topic: OutputTopic<Verdict>,
  key: string,
  verdict: Verdict,
): void {
  context.forward(topic, key, verdict);
  if (verdict.decision === "switch") context.metrics.switched(verdict.topic, verdict.champion);
}

/**
 * Forwards one prediction per model, standings where the order has changed, the best forecast and the verdict where there are; counts
 * refusals and shows the series.
 *
 * Standings are keyed `<raw topic>/<series>`: two topics may have a series of the same name, and compaction keeps one value per key.
 */
export function publishRace<P extends Prediction, M extends Contestant>(
  context: Pick<TaskContext<PublishSettings, unknown, RaceMetrics<M>>, "forward" | "metrics" | "settings">,
  topics: RaceTopics<P>,
  { key, partition, of, models, judge, open }: RaceEntry<M>,
  { predictions, standings, best, verdict, modelsReset = [] }: RaceResult<P>,
): void {
  const { metrics, settings } = context;
  const { topic, series } = of;
  const y = of.y ?? metrics.shown(key)?.y;
  for (const prediction of predictions) publishPrediction(context, topics.predictions, prediction);
  for (const model of modelsReset) metrics.reset(topic, model, "refusals-in-a-row");
  if (standings !== undefined) context.forward(topics.standings, key, standings);
  if (best !== undefined) context.forward(topics.best, series, best);
  if (verdict !== undefined) publishVerdict(context, topics.verdicts, key, verdict);
  metrics.show(
    key,
    partition,
    { topic, series, y, open, forecasts: predictions, models, judge },
    settings.metricsSeriesMax,
  );
}
