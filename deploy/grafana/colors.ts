/** One colour for one thing, in every panel: of y, of the models that race by default, of the baselines, of the services. */
import type { ServiceName } from "../../services/names.js";

/** What Grafana calls a setting of some fields only. */
interface FieldSetting {
  readonly id: string;
  readonly value: unknown;
}

/** Readable on a light ground and on a dark one. */
const MODELS: Readonly<Record<string, string>> = {
  rls1: "#3274D9",
  rls2: "#FF780A",
  rf: "#37872D",
  lin: "#E02F44",
  gb: "#A352CC",
  last: "#8E8E8E",
  mean: "#B0904F",
};

/** Services and models are never in one panel. */
const SERVICES: Readonly<Record<ServiceName, string>> = {
  producer: "#8E8E8E",
  deserializer: "#E0B400",
  "stateful-estimator": "#A352CC",
  "rls-racer": "#3274D9",
  "ml-racer": "#37872D",
};

/** Settings of the lines of these names; others have the colours that Grafana gives them. */
export function colorsOf(legends: readonly string[]): ReadonlyMap<string, readonly FieldSetting[]> {
  const lines: [string, readonly FieldSetting[]][] = [];
  if (legends.includes("{{model}}")) lines.push(...fixed(MODELS));
  if (legends.includes("{{service}}")) lines.push(...fixed(SERVICES));
  // y is what all others are compared with.
  if (legends.includes("y")) lines.push(["y", [colorOf("text"), { id: "custom.lineWidth", value: 2 }]]);
  return new Map(lines);
}

function fixed(colors: Readonly<Record<string, string>>): [string, FieldSetting[]][] {
  return Object.entries(colors).map(([name, color]) => [name, [colorOf(color)]]);
}

function colorOf(fixedColor: string): FieldSetting {
  return { id: "color", value: { mode: "fixed", fixedColor } };
}
