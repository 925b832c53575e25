/** What a repartition would do, and whether it can be done: nothing is changed here. */
import { TopicError } from "../../errors.js";
import { readRanges } from "../../kafka/range-reader.js";
import { ORIGIN, type Position, partitionKey } from "../../kafka/topic-partition.js";
import { partitionOfKey } from "../../partitioner.js";
import { changelogTopic } from "../changelog/changelog.js";
import { fateOf } from "./record-fate.js";
import { type RepartitionPlan, readPlan, repartitionTopic } from "./repartition-plan.js";
import {
  bytesOf,
  committedPositions,
  eachRecord,
  placesOf,
  type RepartitionScope,
  readTopics,
  refuseMembers,
} from "./repartition-scope.js";

/** Keys that a refusal names. */
const EXAMPLES_MAX = 5;

/** What there is to do. */
export interface Examination {
  readonly plan: RepartitionPlan;
  /** Whether a former run has begun with it. */
  readonly begun: boolean;
  /** Changelog records that move, and all, by store; empty where the work was begun. */
  readonly records: ReadonlyMap<string, { readonly moving: number; readonly all: number }>;
}

/**
 * Finds what is to be done, and changes nothing.
 * @returns undefined where the changelogs have as many partitions as the inputs
 * @throws {TopicError} it cannot be done, or not now; the message says why and what helps
 * @throws {KafkaError} the broker does not answer
 */
export async function examineRepartition(scope: RepartitionScope): Promise<Examination | undefined> {
  const { admin, options, application } = scope;
  await refuseMembers(scope);
  const to = await inputPartitions(scope);
  const topic = repartitionTopic(application);
  if ((await admin.describe([topic])).has(topic)) {
    const plan = await readPlan(admin, options, application);
    if (plan !== undefined) return { plan, begun: true, records: new Map() };
  }
  const from = await changelogPartitions(scope);
  if (from === to) return undefined;
  if (from > to) {
    throw new TopicError(
      `the changelogs of ${application} have ${from} partitions, its inputs ${to}: Kafka takes no partitions away, so the inputs were ` +
        "made anew. Their offsets mean nothing to this state: start under another APPLICATION_ID.",
    );
  }
  await refuseUnread(scope, from, to);
  const ends: Record<string, Position[]> = {};
  const records = new Map<string, { moving: number; all: number }>();
  for (const store of Object.keys(scope.codecs)) {
    const changelog = changelogTopic(application, store);
    const asked = Array.from({ length: from }, (_, partition) => ({ topic: changelog, partition }));
    const found = new Map((await admin.ends(asked, "uncommitted")).map((at) => [at.partition, at.position]));
    ends[changelog] = asked.map(({ partition }) => found.get(partition) ?? ORIGIN);
    records.set(store, await countMoving(scope, store, ends[changelog], from, to));
  }
  return { plan: { format: 1, from, to, ends, phase: "copy" }, begun: false, records };
}

async function inputPartitions({ admin, inputs }: RepartitionScope): Promise<number> {
  const found = await admin.describe(inputs);
  const missing = inputs.filter((name) => !found.has(name));
  if (missing.length > 0) throw new TopicError(`there is no topic ${missing.join(", ")}: see INPUT_TOPICS.`);
  const counts = new Set([...found.values()].map(({ partitions }) => partitions));
  const [count = 0, ...others] = counts;
  if (others.length === 0) return count;
  const each = [...found.values()].map(({ name, partitions }) => `${name} has ${partitions}`).join(", ");
  throw new TopicError(`all inputs of a service need the same number of partitions, but ${each}: give each as many.`);
}

async function changelogPartitions({ admin, application, codecs, service }: RepartitionScope): Promise<number> {
  const names = Object.keys(codecs).map((store) => changelogTopic(application, store));
  const found = await admin.describe(names);
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new TopicError(`there is no changelog ${missing.join(", ")}: ${service} has no state to move; start it.`);
  const counts = new Set([...found.values()].map(({ partitions }) => partitions));
  const [count = 0, ...others] = counts;
  if (others.length === 0) return count;
  const each = [...found.values()].map(({ name, partitions }) => `${name} has ${partitions}`).join(", ");
  throw new TopicError(`somebody has given changelogs partitions by hand, so nobody knows where state is: ${each}.`);
}

/**
 * A record that its group has not read must lie where its series is now: left in the former partition it would be processed
 * without the state, and perhaps after what came later.
 */
async function refuseUnread(scope: RepartitionScope, from: number, to: number): Promise<void> {
  const { admin, options, application, service } = scope;
  const places = placesOf(readTopics(scope), 0, from);
  const positions = await committedPositions(scope, places);
  const ends = new Map((await admin.ends(places, "uncommitted")).map((at) => [partitionKey(at), at.position]));
  const pieces = places.map((place) => ({
    ...place,
    from: positions.get(partitionKey(place)) ?? ORIGIN,
    end: ends.get(partitionKey(place)) ?? ORIGIN,
  }));
  let left = 0;
  let example = "";
  await readRanges(options, application, pieces, ({ topic, partition, offset, key }) => {
    if (key === null || key === undefined || partitionOfKey(bytesOf(key), to) === partition) return;
    if (left++ === 0) example = `${topic}[${partition}]@${offset}`;
  });
  if (left === 0) return;
  const help =
    to % from === 0
      ? `Start ${service}, let it come to the end of the partitions that it knows (regatta_consumer_lag_records 0), stop it, and try again.`
      : `${from} partitions can become ${2 * from} or ${3 * from} while records wait, but not ${to}: start under another APPLICATION_ID.`;
  throw new TopicError(
    `${left} records that ${service} has not read lie in partitions that their series have left, the first at ${example}: their results ` +
      `would be wrong. ${help} Whoever writes to the inputs must know their ${to} partitions by then.`,
  );
}

/** @throws {TopicError} state lies elsewhere than murmur2 would have put its series */
async function countMoving(
  scope: RepartitionScope,
  store: string,
  ends: readonly Position[],
  from: number,
  to: number,
) {
  let moving = 0;
  let all = 0;
  let foreign = 0;
  const examples = new Set<string>();
  await eachRecord(scope, store, ends, (record, codec) => {
    all++;
    const fate = fateOf(scope, codec, record, from, to);
    if (fate.kind === "goes") moving++;
    if (fate.kind !== "foreign") return;
    foreign++;
    if (examples.size < EXAMPLES_MAX) examples.add(`${record.key} in partition ${record.partition}`);
  });
  if (foreign === 0) return { moving, all };
  throw new TopicError(
    `${foreign} records of ${changelogTopic(scope.application, store)} are not where the murmur2 hash of their series among ${from} partitions ` +
      `puts them (${[...examples].join(", ")}): whoever writes the inputs has another partitioner, or series have moved while the service read on. ` +
      "Nobody can tell where they belong: start under another APPLICATION_ID, which reads the inputs from their beginning.",
  );
}
