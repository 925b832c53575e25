/** The hyper-parameters of all kinds of models as a Markdown table, made from what the models declare. */
import { kinds } from "../../services/ml-racer/models/model-registry.js";
import type { ParameterDefinition } from "../../shared/models/parameters.js";

/** A row for each kind of model, and under it one for each of its hyper-parameters. */
export function modelTable(): string {
  const rows = [...kinds].flatMap(([name, { doc, parameters }]) => [
    `| \`${name}\` | | ${doc} | | |`,
    ...Object.entries(parameters).map(([parameter, definition]) => rowOf(parameter, definition)),
  ]);
  return ["| model | hyper-parameter | meaning | default | value |", "|---|---|---|---|---|", ...rows].join("\n");
}

function rowOf(name: string, { doc, default: initial, expected }: ParameterDefinition): string {
  return `| | \`${name}\` | ${doc} | \`${Number.isFinite(initial) ? initial : "None"}\` | ${expected} |`;
}
