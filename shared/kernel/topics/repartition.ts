/**
 * Moves a service's state to the partitions that its series have gone to, after its inputs were given more of them.
 *
 * In seven steps, with no instance alive. A process that dies on the way leaves the plan, which keeps services from starting;
 * the next one goes on from it. Every step may be done again.
 * 1 write the plan: partitions before and after, and where each changelog ends
 * 2 give the changelogs as many partitions as the inputs have
 * 3 set the group to the beginning of the partitions that were added; Kafka refuses that while the group has members
 * 4 copy every changelog record up to the plan's ends to the partition where its series belongs now, byte for byte, in order,
 *   with the input positions of that partition
 * 5 write into the plan that all is copied: from here on nothing is copied again, since what is left behind goes
 * 6 delete in each partition what belongs elsewhere now
 * 7 delete the plan
 */
import { setTimeout as delay } from "node:timers/promises";
import { RECORD_BYTES_MAX } from "../../contract/topics.js";
import { TopicError } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import { type ConsumedRecord, Consumer } from "../../kafka/consumer.js";
import { Producer } from "../../kafka/producer.js";
import { readRanges } from "../../kafka/range-reader.js";
import { ORIGIN, type Position, partitionKey, type TopicPartition } from "../../kafka/topic-partition.js";
import { partitionOfKey } from "../../partitioner.js";
import type { Codec, RecordHeaders } from "../../service-definition.js";
import { changelogTopic, hasWholeKey, POSITIONS_KEY, positionsHeaders } from "../changelog/changelog.js";
import { type RepartitionPlan, readPlan, repartitionTopic, writePlan } from "./repartition-plan.js";

const POLL_MS = 100;
/** Keys that a refusal names. */
const EXAMPLES_MAX = 5;

export interface RepartitionScope {
  readonly service: string;
  /** `<APPLICATION_ID>-<service>`: its group, and the prefix of its changelogs. */
  readonly application: string;
  readonly inputs: readonly string[];
  readonly codecs: Readonly<Record<string, Codec<object>>>;
  readonly admin: Admin;
  readonly options: ClientOptions;
}

/** What there is to do. */
export interface Examination {
  readonly plan: RepartitionPlan;
  /** Whether a former run has begun with it. */
  readonly begun: boolean;
  /** Changelog records that move, and all, by store; empty where the work was begun. */
  readonly records: ReadonlyMap<string, { readonly moving: number; readonly all: number }>;
}

/** By {@link partitionKey}: the group's position; undefined where it has none. */
type GroupPositions = ReadonlyMap<string, Position | undefined>;

/**
 * Looks what is to be done, and changes nothing.
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

/**
 * Does what {@link examineRepartition} found, or the rest of it.
 * @param tell told of each step that is done
 * @throws {TopicError} an instance of the service runs
 * @throws {KafkaError} the broker does not answer; to be done again
 */
export async function repartition(
  scope: RepartitionScope,
  examined: RepartitionPlan,
  tell: (line: string) => void,
): Promise<void> {
  const { admin, options, application } = scope;
  let plan = examined;
  await writePlan(admin, options, application, plan);
  await refuseMembers(scope);
  tell("plan written: the service does not start until all is done");
  await growChangelogs(scope, plan.to);
  const positions = await groupPositions(scope, plan);
  tell(`changelogs and group have ${plan.to} partitions`);
  if (plan.phase === "copy") {
    const copied = await copy(scope, plan, positions);
    plan = { ...plan, phase: "delete" };
    await writePlan(admin, options, application, plan);
    tell(`${copied} changelog records copied to the partitions where their series are now`);
  }
  const deleted = await deleteLeftBehind(scope, plan, positions);
  tell(`${deleted} records of values deleted where they were`);
  await admin.delete(repartitionTopic(application));
  tell("plan deleted: the service may start");
}

// -- what must hold before -------------------------------------------------------------------------------------------

async function refuseMembers({ admin, application, service }: RepartitionScope): Promise<void> {
  const members = await admin.members(application);
  if (members === 0) return;
  throw new TopicError(
    `group ${application} has ${members} members: stop every instance of ${service} first, and wait until a killed one's session has ended.`,
  );
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
  const { admin, options, application, inputs, service } = scope;
  const places = placesOf(inputs, 0, from);
  const positions = await committedPositions(scope, places);
  const ends = new Map((await admin.ends(places, "uncommitted")).map((at) => [partitionKey(at), at.position]));
  const pieces = places.map((place) => ({
    ...place,
    from: positions.get(partitionKey(place)) ?? ORIGIN,
    end: ends.get(partitionKey(place)) ?? ORIGIN,
  }));
  let left = 0;
  let example = "";
  await readRanges(options, `${application}-repartition`, pieces, ({ topic, partition, offset, key }) => {
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

// -- where state belongs ---------------------------------------------------------------------------------------------

/** Whether a changelog record stays, or goes and where to; `foreign`: it is not where the key's hash would have put it. */
type Fate = { readonly kind: "stays" } | { readonly kind: "goes"; readonly to: number } | { readonly kind: "foreign" };

const STAYS: Fate = { kind: "stays" };
const FOREIGN: Fate = { kind: "foreign" };

function fateOf(scope: RepartitionScope, codec: Codec<object>, record: ConsumedRecord, from: number, to: number): Fate {
  const text = record.key?.toString() ?? POSITIONS_KEY;
  if (text === POSITIONS_KEY) return STAYS;
  const [topic, series] = seriesOf(text, codec.slotted === true);
  // Records without a key make a series of their partition, which stays where it is.
  if (scope.inputs.includes(topic) && series === `${topic}/${record.partition}`) return STAYS;
  const bytes = Buffer.from(series);
  if (partitionOfKey(bytes, from) !== record.partition) return FOREIGN;
  const home = partitionOfKey(bytes, to);
  return home === record.partition ? STAYS : { kind: "goes", to: home };
}

/** Topic and series of a state key. A topic name has no slash, a slot neither; a series may have any number. */
function seriesOf(key: string, slotted: boolean): [topic: string, series: string] {
  const first = key.indexOf("/");
  return [key.slice(0, first), key.slice(first + 1, slotted ? key.lastIndexOf("/") : undefined)];
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

function eachRecord(
  { application, options, codecs }: RepartitionScope,
  store: string,
  ends: readonly Position[],
  take: (record: ConsumedRecord, codec: Codec<object>) => Promise<void> | void,
): Promise<void> {
  const topic = changelogTopic(application, store);
  const pieces = ends.map((end, partition) => ({ topic, partition, from: ORIGIN, end }));
  return readRanges(options, `${application}-repartition`, pieces, (record) => take(record, codecs[store]));
}

// -- the steps -------------------------------------------------------------------------------------------------------

async function growChangelogs({ admin, application, codecs }: RepartitionScope, to: number): Promise<void> {
  const names = Object.keys(codecs).map((store) => changelogTopic(application, store));
  for (;;) {
    const found = await admin.describe(names);
    const narrow = [...found.values()].filter(({ partitions }) => partitions < to);
    if (narrow.length === 0) return;
    for (const { name } of narrow) await admin.grow(name, to);
    await delay(POLL_MS);
  }
}

/** The group's positions, after it was set to the beginning of the partitions that it has none of and that were added. */
async function groupPositions(scope: RepartitionScope, { from, to }: RepartitionPlan): Promise<GroupPositions> {
  const positions = new Map(await committedPositions(scope, placesOf(scope.inputs, 0, to)));
  const added = placesOf(scope.inputs, from, to).filter((place) => positions.get(partitionKey(place)) === undefined);
  for (const place of added) positions.set(partitionKey(place), ORIGIN);
  // Also where none is missing: Kafka refuses it while the group has members.
  const committed = placesOf(scope.inputs, 0, to).flatMap((place) => {
    const position = positions.get(partitionKey(place));
    return position === undefined ? [] : [{ ...place, position }];
  });
  await withConsumer(scope, (consumer) => consumer.commit(committed));
  return positions;
}

function committedPositions(scope: RepartitionScope, places: readonly TopicPartition[]): Promise<GroupPositions> {
  return withConsumer(scope, async (consumer) => {
    const answer = await consumer.committed(places);
    return new Map(answer.map((at) => [partitionKey(at), at.position]));
  });
}

async function withConsumer<T>(scope: RepartitionScope, work: (consumer: Consumer) => Promise<T>): Promise<T> {
  const consumer = await Consumer.connect(scope.options, scope.application);
  try {
    return await work(consumer);
  } finally {
    await consumer.disconnect();
  }
}

async function copy(scope: RepartitionScope, plan: RepartitionPlan, positions: GroupPositions): Promise<number> {
  const headers = headersByPartition(scope, plan, positions);
  const headersOfCut = headersByPartition(scope, plan, positions, false);
  return withProducer(scope, async (producer) => {
    let count = 0;
    for (const store of Object.keys(scope.codecs)) {
      const topic = changelogTopic(scope.application, store);
      await eachRecord(scope, store, plan.ends[topic] ?? [], async (record, codec) => {
        const fate = fateOf(scope, codec, record, plan.from, plan.to);
        // A foreign one is a copy: none else was there when the plan was made.
        if (fate.kind !== "goes") return;
        const { [fate.to]: said } = hasWholeKey(record) ? headers : headersOfCut;
        await producer.produceWaiting(topic, fate.to, keyOf(record), record.value, undefined, said);
        count++;
      });
    }
    return count;
  });
}

async function deleteLeftBehind(
  scope: RepartitionScope,
  plan: RepartitionPlan,
  positions: GroupPositions,
): Promise<number> {
  const headers = headersByPartition(scope, plan, positions);
  return withProducer(scope, async (producer) => {
    let count = 0;
    for (const store of Object.keys(scope.codecs)) {
      const topic = changelogTopic(scope.application, store);
      await eachRecord(scope, store, plan.ends[topic] ?? [], async (record, codec) => {
        const { kind } = fateOf(scope, codec, record, plan.from, plan.to);
        if (kind !== "goes" || record.value === null) return;
        const { partition } = record;
        await producer.produceWaiting(topic, partition, keyOf(record), null, undefined, headers[partition]);
        count++;
      });
    }
    return count;
  });
}

async function withProducer<T>({ options }: RepartitionScope, work: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = await Producer.connect(options, undefined, RECORD_BYTES_MAX);
  try {
    const result = await work(producer);
    await producer.flush();
    return result;
  } finally {
    await producer.disconnect();
  }
}

/** What a changelog record says of the inputs: where the group is in its partition, so that it is neither behind nor ahead. */
function headersByPartition(
  { inputs }: RepartitionScope,
  { to }: RepartitionPlan,
  positions: GroupPositions,
  wholeKeys = true,
): RecordHeaders[] {
  return Array.from({ length: to }, (_, partition) => {
    const known = inputs.flatMap((topic) => {
      const position = positions.get(partitionKey({ topic, partition }));
      return position === undefined ? [] : [[topic, position] as const];
    });
    return positionsHeaders(Object.fromEntries(known), wholeKeys);
  });
}

function placesOf(topics: readonly string[], from: number, to: number): TopicPartition[] {
  return topics.flatMap((topic) => Array.from({ length: to - from }, (_, at) => ({ topic, partition: from + at })));
}

const bytesOf = (key: Buffer | string): Buffer => (typeof key === "string" ? Buffer.from(key) : key);
const keyOf = ({ key }: ConsumedRecord): Buffer | null => (key === null || key === undefined ? null : bytesOf(key));
