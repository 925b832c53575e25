/**
 * The contract that a machine can check: an AsyncAPI document of every topic that others read, with the JSON Schema of its values.
 * It comes from the schemas that the types and the tests come from.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ZodType, z } from "zod";
import {
  estimateSchema,
  observationSchema,
  predictionSchema,
  rlsPredictionSchema,
  standingsSchema,
} from "../../shared/contract/schemas.js";
import { observationsTopic, topics } from "../../shared/contract/topics.js";
import { bestSchema, verdictSchema } from "../../shared/contract/verdict-schemas.js";
import type { OutputTopic } from "../../shared/service-definition.js";

const PACKAGE = fileURLToPath(new URL("../../../package.json", import.meta.url));
const BINDING_VERSION = "0.5.0";
const SERIES = "name of the series; that of a raw record without a key is <topic>/<partition>";
const TOPIC_AND_SERIES = "<raw topic>/<series>";
/** Stands for the name of a raw topic. */
const RAW = "{rawTopic}";

interface DescribedTopic {
  readonly topic: Pick<OutputTopic<never>, "name" | "config">;
  /** In camel case. */
  readonly message: string;
  readonly key: string;
  readonly what: string;
}

/** What every message of a name is. */
const MESSAGES: Readonly<Record<string, ZodType>> = {
  observation: observationSchema,
  estimate: estimateSchema,
  rlsPrediction: rlsPredictionSchema,
  mlPrediction: predictionSchema,
  standings: standingsSchema,
  best: bestSchema,
  verdict: verdictSchema,
};

const STANDINGS = "Who leads each series by its running mean of squared errors, when the order of the models changes.";
const BEST =
  "The best forecast of each question, observation and label: the champion's and that of the mixture, with intervals.";
const VERDICTS = "Who is champion of each series and how sure that is: when it changes, and from time to time.";

/** Every topic that others read; the channel's name is that of the topic. */
export const TOPICS: readonly DescribedTopic[] = [
  { topic: observationsTopic(RAW), message: "observation", key: SERIES, what: "What was read of a raw topic." },
  {
    topic: topics.estimates,
    message: "estimate",
    key: SERIES,
    what: "What is known of a series after each observation.",
  },
  {
    topic: topics.rlsPredictions,
    message: "rlsPrediction",
    key: SERIES,
    what: "The forecast of each observation by each model of rls-racer, made before it learned from it.",
  },
  {
    topic: topics.mlPredictions,
    message: "mlPrediction",
    key: SERIES,
    what: "The forecast of each observation by each model of ml-racer, made before it learned from it.",
  },
  ...[topics.rlsStandings, topics.mlStandings].map((topic) => ({
    topic,
    message: "standings",
    key: TOPIC_AND_SERIES,
    what: STANDINGS,
  })),
  ...[topics.rlsBest, topics.mlBest].map((topic) => ({ topic, message: "best", key: SERIES, what: BEST })),
  ...[topics.rlsVerdicts, topics.mlVerdicts].map((topic) => ({
    topic,
    message: "verdict",
    key: TOPIC_AND_SERIES,
    what: VERDICTS,
  })),
];

/** JSON Schema, draft 7, of the values of a message. Readers pass over members that they do not know, so new ones may come. */
const valueSchema = (schema: ZodType): object => {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
  return own;
};

/** The document, as text. */
export function asyncApi(): string {
  const document = {
    asyncapi: "3.0.0",
    info: {
      title: "Regatta",
      version: JSON.parse(readFileSync(PACKAGE, "utf8")).version,
      description:
        "What Regatta writes to Kafka. Read with isolation.level=read_committed: results of a transaction that was aborted are passed over then. Members may be added; the ones that are here keep their names, types and meaning. Every number that is no integer is a double, and may be written without a point.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(TOPICS.map((of) => [channelName(of), channelOf(of)])),
    operations: Object.fromEntries(TOPICS.map(channelName).map(operationOf)),
    components: {
      messages: Object.fromEntries(Object.entries(MESSAGES).map(([name, schema]) => [name, messageOf(name, schema)])),
      schemas: Object.fromEntries(Object.entries(MESSAGES).map(([name, schema]) => [name, valueSchema(schema)])),
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function channelName({ topic }: DescribedTopic): string {
  return topic.name.replace(RAW, "raw");
}

function channelOf({ topic: { name, config }, message, key, what }: DescribedTopic): object {
  const policy = config["cleanup.policy"];
  return {
    address: name,
    description: `${what} Record key: ${key}.`,
    messages: { [message]: { $ref: `#/components/messages/${message}` } },
    ...(name.includes(RAW) ? { parameters: { rawTopic: { description: "name of the raw topic" } } } : {}),
    bindings: {
      kafka: {
        topic: name,
        ...(policy === undefined ? {} : { topicConfiguration: { "cleanup.policy": [policy] } }),
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function operationOf(channel: string): [string, object] {
  return [`send-${channel}`, { action: "send", channel: { $ref: `#/channels/${channel}` } }];
}

function messageOf(name: string, schema: ZodType): object {
  return {
    name,
    title: name,
    ...(schema.description === undefined ? {} : { summary: schema.description }),
    payload: { $ref: `#/components/schemas/${name}` },
    bindings: { kafka: { key: { type: "string", description: "UTF-8" }, bindingVersion: BINDING_VERSION } },
  };
}
