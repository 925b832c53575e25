/**
 * The setting that says which models race: `rf,lin,gb:n_estimators=50:max_depth=2`. Models are separated by commas,
 * hyper-parameters by colons; they bear scikit-learn's names and, where left out, its defaults.
 */
import { z } from "zod";
import { kindNames, type ModelSpecification, modelKinds } from "./models/model-registry.js";

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
    const model = readModel(entry, faults);
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

function readModel(entry: string, faults: string[]): ModelSpecification | undefined {
  const [kindName = "", ...assignments] = entry.split(":").map((part) => part.trim());
  const kind = modelKinds.get(kindName);
  if (kind === undefined) {
    faults.push(`expected a model of ${kindNames()}, got ${JSON.stringify(kindName)}`);
    return undefined;
  }
  const faultsBefore = faults.length;
  const parameters: Record<string, number> = {};
  for (const assignment of assignments) {
    const separator = assignment.indexOf("=");
    const name = assignment.slice(0, separator).trim();
    const value = assignment.slice(separator + 1).trim();
    const definition = separator > 0 && Object.hasOwn(kind.parameters, name) ? kind.parameters[name] : undefined;
    const parsed = definition?.parse(value);
    if (definition === undefined) {
      const names = Object.keys(kind.parameters).join(", ");
      const known = names === "" ? "no hyper-parameters" : `<hyper-parameter>=<value> of ${names}`;
      faults.push(`${kindName}: expected ${known}, got ${JSON.stringify(assignment)}`);
    } else if (parsed === undefined) {
      faults.push(`${kindName}: expected ${name} to be ${definition.expected}, got ${JSON.stringify(value)}`);
    } else if (Object.hasOwn(parameters, name)) faults.push(`${kindName}: ${name} is set twice`);
    else parameters[name] = parsed;
  }
  for (const [name, definition] of Object.entries(kind.parameters)) parameters[name] ??= definition.default;
  const together = faults.length > faultsBefore ? undefined : kind.fault?.(parameters);
  if (together !== undefined) faults.push(`${kindName}: expected ${together}`);
  return faults.length > faultsBefore ? undefined : { name: nameOf(kindName, assignments), kind: kindName, parameters };
}

function nameOf(kindName: string, assignments: readonly string[]): string {
  return [kindName, ...assignments.map((assignment) => assignment.replaceAll(/\s/g, ""))].join(":");
}
