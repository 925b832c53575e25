/** What the judge of a race says, as schemas.ts has the other results: who is champion, and the best forecast. */
import { z } from "zod";
import { finite } from "../numbers/number-text.js";
import { finiteOrNull, headMembers, modelMember, numberList } from "./schemas.js";

const number = z.number();
const count = z.number().int().nonnegative();

const judgedMembers = {
  n: count.describe("forecasts scored"),
  mse: number.nullable().describe("prequential mean squared error over n; null before the first"),
  fading: number
    .nullable()
    .describe("mean squared error in which older errors fade: of about the last 100 with the usual setting"),
  mae: number.nullable().describe("mean absolute error, in the unit of y"),
  r2: number.nullable().describe("1 - mse / mse of the running mean of y: prequential R squared"),
  skill: number.nullable().describe("1 - mse / mse of the last y; below 0 is worse than doing nothing"),
  coverage: number.nullable().describe("share of the intervals shown that held y, 0 to 1"),
};

const gapMembers = {
  gap: number
    .nullable()
    .describe("mean of the clipped difference of squared errors, -1 to 1, above 0 where the challenger is better"),
  lower: number.nullable().describe("lower bound of gap; both hold jointly for the whole reign"),
  upper: number.nullable().describe("upper bound of gap"),
  gapMse: number
    .nullable()
    .describe("mse of the champion less that of the challenger over the reign, in the square of y's unit"),
  runN: count.describe("records since the point of change that the data point to"),
  runGapMse: number.nullable().describe("gapMse over these records"),
};

/** Who is champion of a series, and how sure that is; gaps and evidence are of a challenger against the champion. */
export const verdictSchema = z
  .object({
    ...headMembers,
    i: z.number().int().describe("i of the observation that decided it"),
    n: count.describe("scored observations of the series so far"),
    decision: z.enum(["start", "switch", "keep"]).describe("whether the champion is the first, another or the same"),
    reason: z
      .enum(["first-observation", "evidence", "champion-gone", "periodic"])
      .describe("champion-gone: it is configured no longer"),
    champion: z.string().describe("name of the model to trust"),
    since: z.number().int().describe("i of the observation since which the champion reigns"),
    from: z.string().nullable().describe("on a switch the champion before"),
    challenger: z
      .string()
      .nullable()
      .describe("who has the largest evidence, on a switch the new champion; null where one model races alone"),
    ...gapMembers,
    runN: count.nullable().describe("records since the point of change that the data point to"),
    pairN: count.nullable().describe("records of the reign that the challenger's evidence is of"),
    evidence: number
      .nullable()
      .describe("1 at the begin of a reign; what betting on the challenger would have made of 1"),
    threshold: number.describe("evidence that a challenger needs"),
    alpha: number.describe("highest risk of a false switch in one reign, 0 to 1"),
    pairs: z
      .array(
        z.object({
          model: modelMember,
          n: count.describe("records of the reign that its evidence is of"),
          ...gapMembers,
          evidence: number.describe("as above, of this challenger"),
        }),
      )
      .describe("every challenger; on a switch as it stood before all began anew"),
    models: z.array(z.object({ model: modelMember, ...judgedMembers })).describe("in their order"),
    mix: z.object(judgedMembers).describe("the mixture of the models"),
  })
  .meta({
    title: "Verdict",
    description:
      "Who is champion of a series, and how sure that is. Gaps and evidence are of a challenger against the champion.",
  });
export type Verdict = z.infer<typeof verdictSchema>;

const intervalMembers = {
  yhat: number.nullable().describe("the forecast, in the unit of y; null where there is none"),
  lower: number
    .nullable()
    .describe("lower bound of the forecast's interval; null where none is shown, as in the first 20"),
  upper: number.nullable().describe("upper bound of it"),
};

/** The best forecast of an observation: the champion's, and that of the mixture, both as they were when it was asked. */
export const bestSchema = z
  .object({
    ...headMembers,
    y: number.nullable().describe("target; null of a question"),
    champion: z
      .object({ model: modelMember, ...intervalMembers })
      .nullable()
      .describe("the champion's forecast; null where the champion of then is configured no longer"),
    mix: z
      .object({ ...intervalMembers, weights: z.array(number).describe("of the models, in their order") })
      .describe("the forecast of all models together"),
    asked: z
      .number()
      .optional()
      .describe("of a label: time of the series when its question was asked, ms since the epoch"),
  })
  .meta({
    title: "Best forecast",
    description:
      "The forecast of the champion and that of the mixture, both as they were when the observation was asked for.",
  });
export type Best = z.infer<typeof bestSchema>;

const textOrNull = (value: string | null): string => (value === null ? "null" : JSON.stringify(value));

type GapMembers = Pick<Verdict, "gap" | "lower" | "upper" | "gapMse" | "runN" | "runGapMse">;
type JudgedMembers = Verdict["mix"];

function gapMembersText(g: GapMembers): string {
  return (
    `"gap":${finiteOrNull(g.gap)},"lower":${finiteOrNull(g.lower)},"upper":${finiteOrNull(g.upper)}` +
    `,"gapMse":${finiteOrNull(g.gapMse)},"runN":${finiteOrNull(g.runN)},"runGapMse":${finiteOrNull(g.runGapMse)}`
  );
}

function judgedMembersText(j: JudgedMembers): string {
  return (
    `"n":${finite(j.n)},"mse":${finiteOrNull(j.mse)},"fading":${finiteOrNull(j.fading)},"mae":${finiteOrNull(j.mae)}` +
    `,"r2":${finiteOrNull(j.r2)},"skill":${finiteOrNull(j.skill)},"coverage":${finiteOrNull(j.coverage)}`
  );
}

export function encodeVerdict(v: Verdict): Buffer {
  const pairs = v.pairs.map(
    (p) =>
      `{"model":${JSON.stringify(p.model)},"n":${finite(p.n)},${gapMembersText(p)},"evidence":${finite(p.evidence)}}`,
  );
  const models = v.models.map((m) => `{"model":${JSON.stringify(m.model)},${judgedMembersText(m)}}`);
  return Buffer.from(
    `{"topic":${JSON.stringify(v.topic)},"series":${JSON.stringify(v.series)},"i":${finite(v.i)},"n":${finite(v.n)}` +
      `,"decision":"${v.decision}","reason":"${v.reason}","champion":${JSON.stringify(v.champion)}` +
      `,"since":${finite(v.since)},"from":${textOrNull(v.from)},"challenger":${textOrNull(v.challenger)}` +
      `,${gapMembersText(v)},"pairN":${finiteOrNull(v.pairN)},"evidence":${finiteOrNull(v.evidence)}` +
      `,"threshold":${finite(v.threshold)},"alpha":${finite(v.alpha)},"pairs":[${pairs.join(",")}]` +
      `,"models":[${models.join(",")}],"mix":{${judgedMembersText(v.mix)}}}`,
  );
}

type IntervalMembers = Pick<Best["mix"], "yhat" | "lower" | "upper">;

function intervalMembersText(f: IntervalMembers): string {
  return `"yhat":${finiteOrNull(f.yhat)},"lower":${finiteOrNull(f.lower)},"upper":${finiteOrNull(f.upper)}`;
}

export function encodeBest(b: Best): Buffer {
  const { champion } = b;
  const of =
    champion === null ? "null" : `{"model":${JSON.stringify(champion.model)},${intervalMembersText(champion)}}`;
  const asked = b.asked === undefined ? "" : `,"asked":${finite(b.asked)}`;
  return Buffer.from(
    `{"topic":${JSON.stringify(b.topic)},"series":${JSON.stringify(b.series)},"i":${finite(b.i)},"y":${finiteOrNull(b.y)}` +
      `,"champion":${of},"mix":{${intervalMembersText(b.mix)},"weights":${numberList(b.mix.weights)}}${asked}}`,
  );
}
