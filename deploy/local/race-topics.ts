/** Who reads what in a run on this machine: the raw topics that this run's producer writes, and what comes of them. */

import type { producerSettings } from "../../services/producer/settings.js";
import type { Settings } from "../../shared/config.js";
import { observationsTopic } from "../../shared/contract/topics.js";

type WrittenTopics = Pick<Settings<typeof producerSettings>, "topics" | "replayFile" | "replayTopic">;

/**
 * INPUT_TOPICS by service. Topics that nobody writes would be waited for for ever. Linear targets are raced by rls-racer and
 * others by ml-racer; where a racer would have none, and where a file is replayed, whose targets may be anything, it races all.
 */
export function raceInputs({ topics, replayFile, replayTopic }: WrittenTopics): ReadonlyMap<string, string> {
  const written = replayFile === "" ? topics : [{ name: replayTopic, target: undefined }];
  const all = written.map(({ name }) => name);
  const racedBy = (target: string) => {
    const own = written.filter((topic) => topic.target === target).map(({ name }) => name);
    return observations(own.length > 0 ? own : all);
  };
  return new Map([
    ["deserializer", all.join(",")],
    ["stateful-estimator", observations(all)],
    ["rls-racer", racedBy("linear")],
    ["ml-racer", racedBy("nonlinear")],
  ]);
}

const observations = (raw: readonly string[]): string => raw.map((name) => observationsTopic(name).name).join(",");
