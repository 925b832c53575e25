/**
 * `npm run settings`: every setting of every service as a Markdown table, made from the schemas. docs/settings.md has this
 * table, and a test compares the two.
 */
import { pathToFileURL } from "node:url";
import { SERVICE_NAMES } from "../../services/names.js";
import type { SettingDefinition } from "../../shared/config.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { SERVICE_DEFINITIONS } from "./definitions.js";

/** One row a setting and service; settings that every service has come first. */
export function settingsTable(): string {
  const rows = [...Object.values(kernelSettings).map((setting) => rowOf("all", setting))];
  for (const name of SERVICE_NAMES)
    rows.push(...Object.values(SERVICE_DEFINITIONS[name].settings).map((setting) => rowOf(name, setting)));
  rows.push(
    "| `KAFKA_CONF_<PROPERTY>` | all | | any librdkafka property, dots as underscores: `KAFKA_CONF_SECURITY_PROTOCOL=ssl` |",
    "| `KAFKA_CONF_<PROPERTY>_FILE` | all | | a file with the property's value, for secrets: `KAFKA_CONF_SASL_PASSWORD_FILE=/run/secrets/kafka` |",
  );
  return ["| variable | service | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function rowOf(service: string, { env, alias, default: text, doc }: SettingDefinition<unknown>): string {
  const other = alias === undefined ? "" : ` (or \`${alias}\`)`;
  const value = text === undefined || text === "" ? "" : `\`${text}\``;
  return `| \`${env}\`${other} | ${service} | ${value} | ${doc.replaceAll("|", "\\|")} |`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.stdout.write(`${settingsTable()}\n`);
