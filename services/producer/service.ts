/** The producer: generates the raw topics. */
import type { Settings } from "../../shared/config.js";
import type { SourceService } from "../../shared/service-definition.js";
import { rawTopic } from "../../shared/topics.js";
import { counterCodec } from "./counters.js";
import { generatorSource, type ProducerStates } from "./processor.js";
import { producerSettings } from "./settings.js";

export type ProducerSettings = Settings<typeof producerSettings>;

/** Has no input topic: its tasks are the partitions of the changelog of `counters`. It has no metrics of its own. */
export const producer: SourceService<typeof producerSettings, ProducerStates, undefined> = {
  kind: "source",
  name: "producer",
  settings: producerSettings,
  outputs: ({ topics }) => topics.map(({ name }) => rawTopic(name)),
  stores: { counters: counterCodec },
  metrics: () => undefined,
  source: generatorSource,
};
