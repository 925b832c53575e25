/** Whose state a folder and its changelogs are: the service, what it reads, and how its values are written. */
import type { AnyCodec } from "../../service-definition.js";
import { type Changelog, changelogTopic, type Positions } from "../changelog/changelog.js";
import { MANIFEST_FORMAT, type Manifest } from "../store/manifest.js";
import type { OpenTask, Task } from "./task.js";

/** One value for the life of a service, frozen. */
export interface StateIdentity {
  /** `<APPLICATION_ID>-<service>`: its group, and the prefix of its changelogs. */
  readonly application: string;
  /** All inputs of the service; where the assignor splits them, a task has some of them only. */
  readonly inputs: readonly string[];
  /** Of these inputs and the changelogs. */
  readonly topicIds: Readonly<Record<string, string>>;
  /** By store. */
  readonly codecs: Readonly<Record<string, AnyCodec>>;
  /** Tasks of the service: partitions of its changelogs. */
  readonly tasks: number;
}

/** What the folder of a task says of itself at `positions`. */
export function manifestOf(
  { application, topicIds, codecs, tasks }: StateIdentity,
  { partition, folder }: OpenTask,
  positions: Positions,
  changelogPositions: Positions,
): Manifest {
  return {
    format: MANIFEST_FORMAT,
    application,
    partition,
    topicIds: { ...topicIds },
    tasks,
    positions: { ...positions },
    changelogPositions: { ...changelogPositions },
    ...(folder.wholeKeys ? { wholeKeys: true as const } : {}),
    ...(folder.cutKeys ? { cutKeys: true as const } : {}),
    formats: Object.fromEntries(Object.entries(codecs).map(([store, { format }]) => [store, format])),
  };
}

/** Whether the task has every input, so that nobody else writes its changelog partition. */
export function isWhole({ inputs }: StateIdentity, task: Task): boolean {
  return inputs.every((input) => task.inputs.includes(input));
}

/** @throws {RangeError} the service has no such store */
export function codecOf({ application, codecs }: StateIdentity, store: string): AnyCodec {
  const codec = codecs[store];
  if (codec === undefined) throw new RangeError(`expected a store of ${application}, got ${store}`);
  return codec;
}

/** The changelogs of a task, each with the codec of its store. */
export function changelogsOf(
  { application, codecs }: StateIdentity,
  { partition }: Task,
): (Changelog & { readonly codec: AnyCodec })[] {
  return Object.entries(codecs).map(([store, codec]) => ({
    store,
    codec,
    topic: changelogTopic(application, store),
    partition,
  }));
}

/** Whether a topic is a changelog of the service. */
export function isChangelog({ application, codecs }: StateIdentity, topic: string): boolean {
  return Object.keys(codecs).some((store) => changelogTopic(application, store) === topic);
}
