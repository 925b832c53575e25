/**
 * One schema for the value of every topic: types, the validation in tests and the documents for consumers come from it. Encoders
 * stand beside the schemas, so that a faster one can replace them without a change in a service.
 */
import { z } from "zod";
import { finite } from "../numbers/number-text.js";

const number = z.number();
const count = z.number().int().nonnegative();
/** The observation that a record is of. */
export const headMembers = {
  topic: z.string().describe("raw topic that the observation came from"),
  series: z.string().describe("record key of the raw record, or <topic>/<partition> where it had none"),
  i: z.number().int().describe("the sender's own counter"),
};
/** Who forecasts. */
export const modelMember = z.string().describe("name of the model");

/**
 * The parsed record: what a series showed at step i. Without y it is a question, which is forecast at once; the record with the same
 * series and i and its y is the question's label. It may be without x: those of the question are learned.
 */
export const observationSchema = z
  .object({
    ...headMembers,
    y: number.nullable().describe("target; null in a question, whose label comes later"),
    x: z.array(number).min(1).optional().describe("features x1 to xn; left out in a label without features"),
  })
  .meta({ title: "Observation", description: "What the deserializer read of a raw record." });
export type Observation = z.infer<typeof observationSchema>;

/** An observation with target and features. */
export type CompleteObservation = Observation & { y: number; x: number[] };

/** Whether an observation has target and features. */
export function isComplete(observation: Observation): observation is CompleteObservation {
  return observation.y !== null && observation.x !== undefined;
}

/** One model's forecast of one observation, made before the model learned from it. */
export const predictionSchema = z
  .object({
    ...headMembers,
    model: modelMember,
    n: count.describe("observations of the series that this model was scored on, this one included"),
    y: number.nullable().describe("target; null in the prediction of a question"),
    yhat: number.nullable().describe("the forecast, in the unit of y; null where the model refused"),
    error: number.nullable().describe("y - yhat; null in the prediction of a question, or where the model refused"),
    mse: number
      .nullable()
      .describe("prequential mean squared error over n, in the square of y's unit; null as error is"),
    reason: z.string().optional().describe("why the model refused"),
    asked: number.optional().describe("of a label: time of the series when its question was asked, ms since the epoch"),
    corrected: z
      .literal(true)
      .optional()
      .describe("y was corrected: this prediction takes the place of the one before"),
  })
  .meta({
    title: "Prediction",
    description: "One model's forecast of one observation, made before the model learned from it.",
  });
export type Prediction = z.infer<typeof predictionSchema>;

/** A prediction of rls-racer; of recursive least squares with the coefficients after learning. */
export const rlsPredictionSchema = predictionSchema
  .extend({
    nu: number.nullable().describe("forgetting factor; null of a model of another kind"),
    beta: z
      .array(number)
      .nullable()
      .describe(
        "n + 1 coefficients after learning, intercept first; null where nothing was learned, or of a model of another kind",
      ),
  })
  .meta({
    title: "Prediction of rls-racer",
    description: "A prediction, of recursive least squares with the coefficients after learning.",
  });
export type RlsPrediction = z.infer<typeof rlsPredictionSchema>;

/** Who leads a series, written when the order of the models changes. */
export const standingsSchema = z
  .object({
    ...headMembers,
    i: z.number().int().describe("i of the observation that decided it"),
    n: count.describe("observations of the series so far"),
    leader: z.string().describe("name of the model with the least mse"),
    since: z.number().int().describe("i of the observation since which the leader leads"),
    models: z
      .array(
        z.object({
          model: modelMember,
          mse: number.nullable().describe("prequential mean squared error; null of a model that was not scored yet"),
        }),
      )
      .describe("in order of mse, best first"),
  })
  .meta({ title: "Standings", description: "Who leads a series, written when the order of the models changes." });
export type Standings = z.infer<typeof standingsSchema>;

/** What is known of a series after an observation. Arrays are over the row `[y, x1, ..., xn]`, in that order. */
export const estimateSchema = z
  .object({
    ...headMembers,
    n: count.describe("observations of the series so far, this one included"),
    max: number.describe("of the row"),
    mean: number.describe("of x1 to xn"),
    text: z.string().describe("Stream counter : i"),
    abs: z.array(number).describe("absolute values of the row"),
    count: count.describe("observations of the series in its batch interval so far, by record time"),
    absSum: z.array(number).describe("sums of the absolute values of all rows"),
    mu: z.array(number).describe("means of all rows"),
    variance: z.array(number).describe("variances of all rows: S / n, of the population"),
  })
  .meta({
    title: "Estimate",
    description:
      "What is known of a series after an observation. Lists are over the row [y, x1, ..., xn], in that order.",
  });
export type Estimate = z.infer<typeof estimateSchema>;

/** A number, or null, as JSON has it. @throws {RangeError} it is not finite */
export const finiteOrNull = (value: number | null): string => (value === null ? "null" : finite(value));

/** A list of numbers as JSON has it. @throws {RangeError} one is not finite */
export function numberList(values: readonly number[]): string {
  let text = "[";
  for (let j = 0; j < values.length; j++) text += (j === 0 ? "" : ",") + finite(values[j]);
  return `${text}]`;
}

export function encodeObservation(o: Observation): Buffer {
  const x = o.x === undefined ? "" : `,"x":${numberList(o.x)}`;
  return Buffer.from(
    `{"topic":${JSON.stringify(o.topic)},"series":${JSON.stringify(o.series)},"i":${finite(o.i)},"y":${finiteOrNull(o.y)}${x}}`,
  );
}

function predictionMembers(p: Prediction): string {
  const reason = p.reason === undefined ? "" : `,"reason":${JSON.stringify(p.reason)}`;
  const asked = p.asked === undefined ? "" : `,"asked":${finite(p.asked)}`;
  const corrected = p.corrected === undefined ? "" : ',"corrected":true';
  return (
    `"topic":${JSON.stringify(p.topic)},"series":${JSON.stringify(p.series)},"model":${JSON.stringify(p.model)}` +
    `,"i":${finite(p.i)},"n":${finite(p.n)},"y":${finiteOrNull(p.y)},"yhat":${finiteOrNull(p.yhat)}` +
    `,"error":${finiteOrNull(p.error)},"mse":${finiteOrNull(p.mse)}${reason}${asked}${corrected}`
  );
}

export function encodePrediction(p: Prediction): Buffer {
  return Buffer.from(`{${predictionMembers(p)}}`);
}

export function encodeRlsPrediction(p: RlsPrediction): Buffer {
  const beta = p.beta === null ? "null" : numberList(p.beta);
  return Buffer.from(`{${predictionMembers(p)},"nu":${finiteOrNull(p.nu)},"beta":${beta}}`);
}

export function encodeStandings(s: Standings): Buffer {
  const models = s.models.map((m) => `{"model":${JSON.stringify(m.model)},"mse":${finiteOrNull(m.mse)}}`);
  return Buffer.from(
    `{"topic":${JSON.stringify(s.topic)},"series":${JSON.stringify(s.series)},"i":${finite(s.i)},"n":${finite(s.n)}` +
      `,"leader":${JSON.stringify(s.leader)},"since":${finite(s.since)},"models":[${models.join(",")}]}`,
  );
}

export function encodeEstimate(e: Estimate): Buffer {
  return Buffer.from(
    `{"topic":${JSON.stringify(e.topic)},"series":${JSON.stringify(e.series)},"i":${finite(e.i)},"n":${finite(e.n)}` +
      `,"max":${finite(e.max)},"mean":${finite(e.mean)},"text":${JSON.stringify(e.text)},"abs":${numberList(e.abs)}` +
      `,"count":${finite(e.count)},"absSum":${numberList(e.absSum)},"mu":${numberList(e.mu)}` +
      `,"variance":${numberList(e.variance)}}`,
  );
}

/**
 * Reads an observation that the deserializer wrote. It was checked where it was parsed, so only its shape is checked here.
 * Another writer may have left out the y of a question, or written null for the x of a label.
 * @throws {SyntaxError | RangeError} the bytes are no observation
 */
export function decodeObservation(bytes: Buffer): Observation {
  const value: unknown = JSON.parse(bytes.toString("utf8"));
  if (!isObservation(value))
    throw new RangeError("expected an observation {topic, series, i, y, x}, without y or x at most");
  value.y ??= null;
  if (value.x === null) delete value.x;
  return value as Observation;
}

type WrittenObservation = Omit<Observation, "y" | "x"> & { y?: number | null; x?: number[] | null };

function isObservation(value: unknown): value is WrittenObservation {
  if (typeof value !== "object" || value === null) return false;
  const { topic, series, i, y, x } = value as Partial<Record<keyof Observation, unknown>>;
  return (
    typeof topic === "string" &&
    typeof series === "string" &&
    Number.isSafeInteger(i) &&
    (isAbsent(y) || Number.isFinite(y)) &&
    (isAbsent(x) ? !isAbsent(y) : Array.isArray(x) && x.length > 0 && x.every(Number.isFinite))
  );
}

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;
