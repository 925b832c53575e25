/**
 * The contract that a machine can check: an AsyncAPI document of every topic that others read, with the JSON Schema of its values.
 * It comes from the schemas that the types and the tests come from.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LETTER_HEADERS } from "../../shared/contract/dead-letter.js";
import { type DescribedRecord, RECORDS } from "../../shared/contract/records.js";
import { DEAD_LETTERS_TOPIC } from "../../shared/contract/topics.js";
import { CONTRACT_VERSION, SCHEMA_HEADER } from "../../shared/contract-version.js";
import { exampleOf } from "./contract-examples.js";
import { type DescribedTopic, isCompacted, PARTITIONS, RAW, TOPICS } from "./contract-topics.js";
import { draft7Schemas } from "./json-schemas.js";

const PACKAGE = fileURLToPath(new URL("../../../package.json", import.meta.url));
const BINDING_VERSION = "0.5.0";
const KEY = { type: "string", description: "UTF-8" };
const LETTERS = "Records that could not be processed, with the reason in their headers. Record key: the record's own.";

/** The document, as text. */
export function asyncApi(): string {
  const document = {
    asyncapi: "3.0.0",
    info: {
      title: "Regatta",
      version: JSON.parse(readFileSync(PACKAGE, "utf8")).version,
      description:
        "What Regatta writes to Kafka. Read with isolation.level=read_committed: results of a transaction that was aborted are passed over then. Members may be added; the ones that are here keep their names, types and meaning. Every number that is no integer is a double, and may be written without a point. Topics that a service makes have TOPIC_PARTITIONS partitions: the number here, unless it is set.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    channels: {
      ...Object.fromEntries(TOPICS.map((of) => [channelName(of), channelOf(of)])),
      [DEAD_LETTERS_TOPIC]: {
        address: DEAD_LETTERS_TOPIC,
        description: LETTERS,
        messages: { deadLetter: { $ref: "#/components/messages/deadLetter" } },
        bindings: { kafka: { topic: DEAD_LETTERS_TOPIC, partitions: 1, bindingVersion: BINDING_VERSION } },
      },
    },
    operations: Object.fromEntries([...TOPICS.map(channelName), DEAD_LETTERS_TOPIC].map(operationOf)),
    components: {
      messages: {
        ...Object.fromEntries(RECORDS.map((record) => [record.name, messageOf(record)])),
        deadLetter: letter(),
      },
      messageTraits: { resultHeaders: { headers: resultHeaders } },
      schemas: draft7Schemas(),
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function channelName({ topic }: DescribedTopic): string {
  return topic.name.replace(RAW, "raw");
}

function channelOf(of: DescribedTopic): object {
  const { topic, record, key, what } = of;
  return {
    address: topic.name,
    description: `${what} Record key: ${key}.`,
    messages: { [record.name]: { $ref: `#/components/messages/${record.name}` } },
    ...(topic.name.includes(RAW) ? { parameters: { rawTopic: { description: "name of the raw topic" } } } : {}),
    bindings: {
      kafka: {
        topic: topic.name,
        partitions: PARTITIONS,
        ...(isCompacted(of) ? { topicConfiguration: { "cleanup.policy": ["compact"] } } : {}),
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function operationOf(channel: string): [string, object] {
  return [`send-${channel}`, { action: "send", channel: { $ref: `#/channels/${channel}` } }];
}

/** Those of the raw record that a result comes of, and its own. */
const resultHeaders = {
  type: "object",
  description:
    "The headers of the raw record, byte for byte, up to 8 KiB; those that begin with regatta- are not among them. After them the record's own.",
  properties: {
    [SCHEMA_HEADER]: {
      type: "string",
      const: CONTRACT_VERSION,
      description: "the version of the contract that the record was written by",
    },
    traceparent: { type: "string", description: "W3C Trace Context, where the raw record had one" },
  },
  required: [SCHEMA_HEADER],
};

function messageOf(record: DescribedRecord): object {
  const { name, schema } = record;
  const { title = name, description } = schema.meta() ?? {};
  return {
    name,
    title,
    ...(description === undefined ? {} : { summary: description }),
    traits: [{ $ref: "#/components/messageTraits/resultHeaders" }],
    payload: { $ref: `#/components/schemas/${name}` },
    bindings: { kafka: { key: KEY, bindingVersion: BINDING_VERSION } },
    examples: [{ payload: JSON.parse(exampleOf(record)) }],
  };
}

function letter(): object {
  const { partition, offset, timestamp, envelope, ...always } = LETTER_HEADERS;
  const text = (description: string) => ({ type: "string", description });
  return {
    name: "deadLetter",
    title: "Dead letter",
    summary: "A record that could not be processed: its own bytes as the value, its own headers after these.",
    contentType: "application/octet-stream",
    headers: {
      type: "object",
      properties: Object.fromEntries(Object.entries(LETTER_HEADERS).map(([name, doc]) => [name, text(doc)])),
      required: Object.keys(always),
    },
    bindings: { kafka: { key: KEY, bindingVersion: BINDING_VERSION } },
  };
}
