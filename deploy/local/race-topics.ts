/** The topics that each service reads in a local run: those that this run's producer writes, and the observations made of them. */

import type { producerSettings } from "../../services/producer/settings.js";
import type { Settings } from "../../shared/config.js";
import { observationsTopic } from "../../shared/contract/topics.js";

type WrittenTopics = Pick<Settings<typeof producerSettings>, "topics" | "replayFile" | "replayTopic">;

/**
 * INPUT_TOPICS by service; a topic that nobody writes would be waited for without end. rls-racer races linear targets, ml-racer
 * the others. A racer that would have none races all, and so does each racer where a file is replayed, whose targets are unknown.
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
