/**
 * Moves a service's state to the partitions that its series have gone to, after its inputs were given more of them.
 *
 * In seven steps, with no instance alive. A process that dies on the way leaves the plan, which keeps services from starting;
 * the next one continues from it. Every step may be done again.
 * 1 write the plan: partitions before and after, and where each changelog ends
 * 2 give the changelogs, and topics by series, as many partitions as the inputs have
 * 3 set the group to the beginning of the partitions that were added; Kafka refuses that while the group has members
 * 4 copy every changelog record up to the plan's ends to the partition where its series belongs now, byte for byte, in order,
 *   with the input positions of that partition
 * 5 write into the plan that all is copied: from here on nothing is copied again, since step 6 deletes the originals
 * 6 delete in each partition what belongs elsewhere now
 * 7 delete the plan
 */
import { setTimeout as delay } from "node:timers/promises";
import { RECORD_BYTES_MAX } from "../../contract/topics.js";
import type { ConsumedRecord } from "../../kafka/consumed-record.js";
import { Producer } from "../../kafka/producer.js";
import { ORIGIN, partitionKey } from "../../kafka/topic-partition.js";
import type { RecordHeaders } from "../../service-definition.js";
import { changelogTopic, hasWholeKey, positionsHeaders } from "../changelog/changelog.js";
import { fateOf } from "./record-fate.js";
import { type RepartitionPlan, repartitionTopic, writePlan } from "./repartition-plan.js";
import {
  bytesOf,
  committedPositions,
  eachRecord,
  type GroupPositions,
  placesOf,
  type RepartitionScope,
  readTopics,
  refuseMembers,
  withConsumer,
} from "./repartition-scope.js";

const POLL_MS = 100;

/**
 * Does what the examination found, or the rest of it.
 * @param report called with a line for each step that is done
 * @throws {TopicError} an instance of the service runs
 * @throws {KafkaError} the broker does not answer; to be done again
 */
export async function repartition(
  scope: RepartitionScope,
  examined: RepartitionPlan,
  report: (line: string) => void,
): Promise<void> {
  const { admin, options, application } = scope;
  let plan = examined;
  await writePlan(admin, options, application, plan);
  await refuseMembers(scope);
  report("plan written: the service does not start until all is done");
  await growOwnTopics(scope, plan.to);
  const positions = await groupPositions(scope, plan);
  report(`changelogs and group have ${plan.to} partitions`);
  if (plan.phase === "copy") {
    const copied = await copy(scope, plan, positions);
    plan = { ...plan, phase: "delete" };
    await writePlan(admin, options, application, plan);
    report(`${copied} changelog records copied to the partitions where their series are now`);
  }
  const deleted = await deleteMoved(scope, plan, positions);
  report(`${deleted} records of values deleted where they were`);
  await admin.delete(repartitionTopic(application));
  report("plan deleted: the service may start");
}

// -- the steps -------------------------------------------------------------------------------------------------------

async function growOwnTopics({ admin, application, codecs, ownInputs }: RepartitionScope, to: number): Promise<void> {
  const names = [...Object.keys(codecs).map((store) => changelogTopic(application, store)), ...ownInputs];
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
  const positions = new Map(await committedPositions(scope, placesOf(readTopics(scope), 0, to)));
  const added = placesOf(readTopics(scope), from, to).filter(
    (place) => positions.get(partitionKey(place)) === undefined,
  );
  for (const place of added) positions.set(partitionKey(place), ORIGIN);
  // Also where none is missing: Kafka refuses it while the group has members.
  const committed = placesOf(readTopics(scope), 0, to).flatMap((place) => {
    const position = positions.get(partitionKey(place));
    return position === undefined ? [] : [{ ...place, position }];
  });
  await withConsumer(scope, (consumer) => consumer.commit(committed));
  return positions;
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

async function deleteMoved(scope: RepartitionScope, plan: RepartitionPlan, positions: GroupPositions): Promise<number> {
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
  const producer = await Producer.connect(options, { recordBytesMax: RECORD_BYTES_MAX });
  try {
    const result = await work(producer);
    await producer.flush();
    return result;
  } finally {
    await producer.disconnect();
  }
}

/** What a changelog record says of the inputs: where the group is in its partition, so that the state is neither older nor newer than the group. */
function headersByPartition(
  scope: RepartitionScope,
  { to }: RepartitionPlan,
  positions: GroupPositions,
  wholeKeys = true,
): RecordHeaders[] {
  return Array.from({ length: to }, (_, partition) => {
    const known = readTopics(scope).flatMap((topic) => {
      const position = positions.get(partitionKey({ topic, partition }));
      return position === undefined ? [] : [[topic, position] as const];
    });
    return positionsHeaders(Object.fromEntries(known), wholeKeys);
  });
}

const keyOf = ({ key }: ConsumedRecord): Buffer | null => (key === null || key === undefined ? null : bytesOf(key));
