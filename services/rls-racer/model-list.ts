/** The setting RLS_MODELS: which models race. */
import { type ZodType, z } from "zod";
import { readModel } from "../../shared/models/model-text.js";
import { recursiveKinds } from "../../shared/models/recursive-kinds.js";
import { NU_MIN } from "../../shared/models/rls.js";
import { markOf } from "./other-models.js";

/** Most models in one race: each of them costs a prediction per observation and its share of a series' state. */
export const MODELS_MAX = 64;

/** One model of the race, as configured. */
export interface RlsModel {
  /** 1 to 64 letters, digits, `.`, `_` or `-`, or the text of a kind with its hyper-parameters; distinct within the race. */
  readonly name: string;
  /** Forgetting factor ν, {@link NU_MIN} to 1; the mark of a kind that has none, see other-models.ts. */
  readonly nu: number;
  /** Hyper-parameters of a kind that has no ν. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** The kind that has a ν. */
const RLS = "rls";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const DECIMAL = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Text `<name>:<nu>,<kind>:<hyper-parameter>=<value>,...` to the list of models, in that order, which also decides ties of the
 * standings.
 * Every fault is an issue of its own.
 */
export const modelList: ZodType<readonly RlsModel[], string> = z.string().transform((text, context) => {
  const faults: string[] = [];
  const models = text.split(",").map((entry, place) => modelOf(entry.trim(), place + 1, faults));
  const names = models.map((model) => model.name);
  for (const name of new Set(names.filter((name, place) => name !== "" && names.indexOf(name) !== place))) {
    faults.push(`two models are called "${name}": give each its own name`);
  }
  if (models.length > MODELS_MAX) faults.push(`expected at most ${MODELS_MAX} models, got ${models.length}`);
  for (const message of faults) context.addIssue({ code: "custom", message });
  return faults.length === 0 ? models : z.NEVER;
});

function modelOf(entry: string, place: number, faults: string[]): RlsModel {
  const [name, nu, ...rest] = entry.split(":").map((part) => part.trim());
  if (recursiveKinds.has(name) && (nu === undefined || nu.includes("="))) return kindModel(entry, faults);
  if (entry === "") faults.push(`model ${place} is empty: expected <name>:<nu>, for example rls1:1.0`);
  else if (nu === undefined || rest.length > 0) faults.push(`"${entry}" is not <name>:<nu>, for example rls1:1.0`);
  else {
    if (!NAME.test(name)) faults.push(`"${name}" is not a model name: use 1 to 64 letters, digits, ".", "_" or "-"`);
    if (!DECIMAL.test(nu) || !(Number(nu) >= NU_MIN && Number(nu) <= 1)) {
      faults.push(`"${nu}" is not a forgetting factor of ${name}: expected a number from ${NU_MIN} to 1`);
    }
  }
  return { name, nu: Number(nu) };
}

/** A model that is named by its kind. */
function kindModel(entry: string, faults: string[]): RlsModel {
  const model = readModel(entry, recursiveKinds, faults);
  if (model === undefined) return { name: "", nu: Number.NaN };
  const { name, kind, parameters } = model;
  return kind === RLS ? { name, nu: parameters.nu } : { name, nu: markOf(kind), parameters };
}
