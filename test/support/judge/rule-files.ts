/** The rule files of deploy/prometheus, read. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

/** deploy/prometheus of the project. */
export const prometheusDirectory = fileURLToPath(new URL("../../../../deploy/prometheus/", import.meta.url));

const alertSchema = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(["critical", "warning"]) }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook_url: z.string(),
    dashboard_url: z.string(),
  }),
});
const recordingSchema = z.strictObject({ record: z.string(), expr: z.string() });
const fileSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(z.union([alertSchema, recordingSchema])) })),
});

export type AlertRule = z.infer<typeof alertSchema>;
export type RecordingRule = z.infer<typeof recordingSchema>;

/** Paths of the rule files. */
export function ruleFiles(): string[] {
  const directory = join(prometheusDirectory, "rules");
  return readdirSync(directory).map((name) => join(directory, name));
}

/** @throws {z.ZodError} a rule lacks a field, or has one that nothing reads */
export function alertRules(): AlertRule[] {
  return rules().filter((rule) => "alert" in rule);
}

/** @throws {z.ZodError} as {@link alertRules} */
export function recordingRules(): RecordingRule[] {
  return rules().filter((rule) => "record" in rule);
}

/** A rule file of one alert, with what all of them may ask for. */
export function rulesOf(alert: string) {
  const own = alertRules().filter((rule) => rule.alert === alert);
  return {
    groups: [
      { name: "recording", rules: recordingRules() },
      { name: "alerts", rules: own },
    ],
  };
}

function rules(): (AlertRule | RecordingRule)[] {
  return ruleFiles().flatMap((file) =>
    fileSchema.parse(parse(readFileSync(file, "utf8"))).groups.flatMap((group) => group.rules),
  );
}
