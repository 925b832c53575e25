/**
 * The plan of a repartition, in a topic of its own, which stands for as long as the work does: a service that finds it does not
 * start, and whoever begins again after a crash knows what was to be done.
 */
import { z } from "zod";
import { TopicError } from "../../errors.js";
import type { Admin } from "../../kafka/admin.js";
import type { ClientOptions } from "../../kafka/client.js";
import { Producer } from "../../kafka/producer.js";
import { readRanges } from "../../kafka/range-reader.js";
import { ORIGIN, positionAt } from "../../kafka/topic-partition.js";

const PLAN_KEY = Buffer.from("plan");
const PLAN_BYTES_MAX = 1_000_000;

const planSchema = z.object({
  format: z.literal(1),
  /** Partitions of the changelogs before, and after. */
  from: z.int().min(1),
  to: z.int().min(2),
  /** By changelog, by former partition: the end of what was there before the work began. */
  ends: z.record(z.string(), z.array(z.int().min(0).transform(positionAt))),
  /** `copy`: values are written where they belong. `delete`: all of them are there, and the originals are deleted. */
  phase: z.enum(["copy", "delete"]),
});
export type RepartitionPlan = z.infer<typeof planSchema>;

/** Its existence says that a repartition was begun and is not complete. */
export function repartitionTopic(application: string): string {
  return `${application}-repartition`;
}

/** The refusal to start, or to continue, while the work is half done. */
export function unfinishedError(application: string, service: string): TopicError {
  return new TopicError(
    `a repartition of ${application} was begun and is not complete (topic ${repartitionTopic(application)} is there): run ` +
      `npm run repartition -- ${service} --yes again, which goes on where it was`,
  );
}

/** @returns undefined where the topic is there but the plan is not: nothing was done yet */
export async function readPlan(
  admin: Admin,
  options: ClientOptions,
  application: string,
): Promise<RepartitionPlan | undefined> {
  const place = { topic: repartitionTopic(application), partition: 0 };
  const [{ position: end }] = await admin.ends([place], "uncommitted");
  let plan: RepartitionPlan | undefined;
  await readRanges(options, application, [{ ...place, from: ORIGIN, end }], ({ value }) => {
    plan = planSchema.parse(JSON.parse(String(value)));
  });
  return plan;
}

/** Writes the plan, or its next phase, and waits until the broker has it. */
export async function writePlan(
  admin: Admin,
  options: ClientOptions,
  application: string,
  plan: RepartitionPlan,
): Promise<void> {
  const topic = repartitionTopic(application);
  await admin.ensure(topic, 1, options.settings.replicationFactor, { "cleanup.policy": "compact" });
  const producer = await Producer.connect(options, { recordBytesMax: PLAN_BYTES_MAX });
  try {
    producer.produce(topic, 0, PLAN_KEY, Buffer.from(JSON.stringify(plan)));
    await producer.flush();
  } finally {
    await producer.disconnect();
  }
}
