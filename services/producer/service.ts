/** The producer: generates the raw topics, or replays a file as one. */
import { rawTopic } from "../../shared/contract/topics.js";
import type { SourceService } from "../../shared/service-definition.js";
import { counterCodec, type ProducerStates } from "./counters.js";
import { generatorSource } from "./generator-source.js";
import { replaySource } from "./replay-source.js";
import { producerSettings } from "./settings.js";

/** Has no input topic: its tasks are the partitions of the changelog of `counters`. It has no metrics of its own. */
export const producer: SourceService<typeof producerSettings, ProducerStates, undefined> = {
  kind: "source",
  name: "producer",
  settings: producerSettings,
  outputs: ({ topics, replayFile, replayTopic }) =>
    (replayFile === "" ? topics.map(({ name }) => name) : [replayTopic]).map(rawTopic),
  stores: { counters: counterCodec },
  metrics: () => undefined,
  source: (partition, partitions, context) =>
    context.settings.replayFile === ""
      ? generatorSource(partition, partitions, context)
      : replaySource(partition, context),
};
