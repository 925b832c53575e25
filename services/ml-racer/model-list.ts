/**
 * The setting that says which models race: `rf,lin,gb:n_estimators=50:max_depth=2`. Models are separated by commas,
 * hyper-parameters by colons; where left out, they have their defaults, which for scikit-learn's models are scikit-learn's.
 */
import { z } from "zod";
import type { ModelSpecification } from "../../shared/models/kind.js";
import { readModel } from "../../shared/models/model-text.js";
import { kinds } from "./models/model-registry.js";

/** Most models of one race; a bound on the time and memory of one record. */
export const MODELS_MAX = 64;

/** Longest name of a model, in characters: it is part of every result, of the state and of metrics' labels. */
export const NAME_LENGTH_MAX = 200;

/** What a list of models says, or everything that is wrong with it. */
export type ModelListResult =
  | { readonly kind: "models"; readonly models: readonly ModelSpecification[] }
  | { readonly kind: "faults"; readonly faults: readonly string[] };

/** Reads a list of models; every fault in it is reported, not the first alone. */
export function parseModelList(text: string): ModelListResult {
  const faults: string[] = [];
  const models: ModelSpecification[] = [];
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.length > MODELS_MAX) faults.push(`expected at most ${MODELS_MAX} models, got ${entries.length}`);
  for (const entry of entries) {
    const model = readModel(entry, kinds, faults);
    if (model === undefined) continue;
    if (model.name.length > NAME_LENGTH_MAX) {
      faults.push(`expected at most ${NAME_LENGTH_MAX} characters a model, got ${model.name.length}: ${model.name}`);
    } else if (models.some(({ name }) => name === model.name)) {
      faults.push(`${model.name} is listed twice: results could not tell the two apart`);
    } else models.push(model);
  }
  return faults.length > 0 ? { kind: "faults", faults } : { kind: "models", models };
}

/** {@link parseModelList} as the schema of a setting. */
export const modelListSchema = z.string().transform((text, context): readonly ModelSpecification[] => {
  const result = parseModelList(text);
  if (result.kind === "models") return result.models;
  for (const message of result.faults) context.addIssue({ code: "custom", message });
  return z.NEVER;
});
