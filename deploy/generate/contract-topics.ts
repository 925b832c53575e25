/** What is written to which topic: what every page, document and schema of the contract is made from. */
import { type DescribedRecord, recordOf } from "../../shared/contract/records.js";
import { observationsTopic, topics } from "../../shared/contract/topics.js";
import type { OutputTopic } from "../../shared/service-definition.js";
import { kernelSettings } from "../../shared/service-settings.js";

/** Stands for the name of a raw topic. */
export const RAW = "{rawTopic}";
/** Partitions of a topic that a service makes, unless it is set. */
export const PARTITIONS = Number(kernelSettings.topicPartitions.default);

const SERIES = "series; of a raw record without a key <topic>/<partition>";
const TOPIC_AND_SERIES = "<raw topic>/<series>";

export interface DescribedTopic {
  readonly topic: Pick<OutputTopic<never>, "name" | "config">;
  readonly record: DescribedRecord;
  readonly key: string;
  readonly what: string;
}

const STANDINGS = "Who leads each series by its running mean of squared errors, when the order of the models changes.";
const BEST =
  "The best forecast of each question, observation and label: the champion's and that of the mixture, with intervals.";
const VERDICTS = "Who is champion of each series and how sure that is: when it changes, and from time to time.";

/** Every topic of results that others read. */
export const TOPICS: readonly DescribedTopic[] = [
  described(observationsTopic(RAW), SERIES, "What was read of a raw topic."),
  described(topics.estimates, SERIES, "What is known of a series after each observation."),
  described(
    topics.rlsPredictions,
    SERIES,
    "The forecast of each observation by each model of rls-racer, made before it learned from it.",
  ),
  described(
    topics.mlPredictions,
    SERIES,
    "The forecast of each observation by each model of ml-racer, made before it learned from it.",
  ),
  ...[topics.rlsBest, topics.mlBest].map((topic) => described(topic, SERIES, BEST)),
  ...[topics.rlsVerdicts, topics.mlVerdicts].map((topic) => described(topic, TOPIC_AND_SERIES, VERDICTS)),
  ...[topics.rlsStandings, topics.mlStandings].map((topic) => described(topic, TOPIC_AND_SERIES, STANDINGS)),
];

function described(topic: OutputTopic<never>, key: string, what: string): DescribedTopic {
  const record = recordOf(topic);
  if (record === undefined) throw new Error(`bug: expected the values of ${topic.name} to be of the contract`);
  return { topic, record, key, what };
}

/** Whether Kafka keeps the newest record of each key alone. */
export function isCompacted({ topic }: Pick<DescribedTopic, "topic">): boolean {
  return topic.config["cleanup.policy"] === "compact";
}
