/** A model as a list of models names it: `holt:alpha=0.5`, its kind and the hyper-parameters that differ from the defaults. */
import type { Kind, ModelSpecification } from "./kind.js";

/**
 * @param kinds  the kinds that may race, by name
 * @param faults everything that is wrong with the entry is added
 * @returns undefined where something is
 */
export function readModel(
  entry: string,
  kinds: ReadonlyMap<string, Kind>,
  faults: string[],
): ModelSpecification | undefined {
  const [kindName = "", ...assignments] = entry.split(":").map((part) => part.trim());
  const kind = kinds.get(kindName);
  if (kind === undefined) {
    faults.push(`expected a model of ${[...kinds.keys()].join(", ")}, got ${JSON.stringify(kindName)}`);
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
