/** The shapes of what others read, by their names. */
import type { ZodType } from "zod";
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
export const observation = record("observation", observationSchema);
export const estimate = record("estimate", estimateSchema);
export const rlsPrediction = record("rlsPrediction", rlsPredictionSchema);
export const mlPrediction = record("mlPrediction", predictionSchema);
export const standings = record("standings", standingsSchema);
export const best = record("best", bestSchema);
export const verdict = record("verdict", verdictSchema);

/** Every shape, in the order in which a record comes by them. */
export const RECORDS = [observation, estimate, rlsPrediction, mlPrediction, best, verdict, standings] as const;
