/** Has promtool say which alerts fire on given series. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Scraped } from "./alert-case.js";
import { promtool } from "./promtool.js";
import { alertRules, rulesOf } from "./rule-files.js";

const RULES = "rules.yml";

export interface FiringCheck {
  /** Path of promtool. */
  readonly program: string;
  /** For the test's file. */
  readonly directory: string;
  readonly alert: string;
  readonly scraped: Scraped;
  /** Between two samples. */
  readonly interval: string;
  readonly times: readonly string[];
  /** Labels of each alert that must fire at each of the times, those of the rule left out; none for silence. */
  readonly labels: readonly Readonly<Record<string, string>>[];
}

/** @throws {AssertionError} something else fires */
export function expectFiring({ program, directory, alert, scraped, interval, times, labels }: FiringCheck): void {
  const severity = alertRules().find((rule) => rule.alert === alert)?.labels.severity ?? "none";
  const expected = labels.map((own) => {
    const names = { __name__: "ALERTS", alertname: alert, alertstate: "firing", severity, ...own };
    const series = Object.entries(names).map(([name, value]) => `${name}="${value}"`);
    return { labels: `{${series.join(", ")}}`, value: 1 };
  });
  const test = {
    rule_files: [RULES],
    evaluation_interval: "15s",
    tests: [
      {
        name: alert,
        interval,
        input_series: Object.entries(scraped).map(([of, values]) => ({ series: of, values })),
        promql_expr_test: times.map((time) => ({
          expr: `ALERTS{alertname="${alert}", alertstate="firing"}`,
          eval_time: time,
          exp_samples: expected,
        })),
      },
    ],
  };
  // All rules of all alerts would take ten times as long.
  writeFileSync(join(directory, RULES), stringify(rulesOf(alert)));
  const file = join(directory, "test.yml");
  writeFileSync(file, stringify(test));
  try {
    promtool(program, ["test", "rules", file], directory);
  } catch (error) {
    assert.fail(String((error as { stderr?: unknown }).stderr ?? error));
  }
}
