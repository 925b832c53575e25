/** The alerts that the rules of deploy/prometheus have, by name. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../../../deploy/prometheus/rules/alerts.yml", import.meta.url));

export function alertNames(): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
}
