/** The shapes of what others read, by their names. */
import type { ZodType } from "zod";
import type { OutputTopic } from "../service-definition.js";
import {
  estimateSchema,
  observationSchema,
  predictionSchema,
  rlsPredictionSchema,
  standingsSchema,
} from "./schemas.js";
import { bestSchema, verdictSchema } from "./verdict-schemas.js";

/** The shape of the values of some topics. */
export interface DescribedRecord {
  /** In camel case, as generators name types. */
  readonly name: string;
  /** Of the files of its schema and its example, without their ending. */
  readonly file: string;
  readonly schema: ZodType;
}

const record = (name: string, schema: ZodType): DescribedRecord => ({
  name,
  file: name.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`),
  schema,
});

/** Every shape, in the order in which a record comes by them. */
export const RECORDS: readonly DescribedRecord[] = [
  record("observation", observationSchema),
  record("estimate", estimateSchema),
  record("rlsPrediction", rlsPredictionSchema),
  record("mlPrediction", predictionSchema),
  record("best", bestSchema),
  record("verdict", verdictSchema),
  record("standings", standingsSchema),
];

/** The shape of a topic's values; undefined where nobody else reads the topic. */
export function recordOf(topic: Pick<OutputTopic<never>, "record">): DescribedRecord | undefined {
  return RECORDS.find(({ name }) => name === topic.record);
}
