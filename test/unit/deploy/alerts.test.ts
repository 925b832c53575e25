import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Scraped } from "../../support/judge/alert-case.js";
import { ALERT_CASES } from "../../support/judge/alert-cases.js";
import { panelsOf, readDashboards } from "../../support/judge/dashboard-queries.js";
import { expectFiring } from "../../support/judge/firing.js";
import { MISSING_PROMETHEUS, prometheusProgram, promtool, promtoolStage } from "../../support/judge/promtool.js";
import { alertRules, prometheusDirectory, ruleFiles } from "../../support/judge/rule-files.js";

/** By then every quiet case has seen all its samples, unless it says otherwise. */
const QUIET_AT = ["1m", "2m", "3m", "5m", "8m", "10m", "12m", "15m", "20m", "25m", "30m"];

/** Metrics of an expression, those that its recording rules are made of too, and without their suffixes. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:service:)?((?:regatta|process|nodejs|up)\w*)/g)].map(([, name]) => name);
}

describe("alert", function () {
  this.timeout(200_000);
  const stage = promtoolStage("regatta-alerts-");

  function check(alert: string, scraped: Scraped, times: readonly string[], labels: readonly Record<string, string>[]) {
    expectFiring({ ...stage, alert, scraped, interval: "15s", times, labels });
  }

  for (const { alert, when, scraped, by, labels, notWhen, quiet, quietAt = QUIET_AT } of ALERT_CASES) {
    it(`${alert} fires when ${when}`, () => check(alert, scraped, [by], [labels]));
    it(`${alert} does not fire when ${notWhen}`, () => check(alert, quiet, quietAt, []));
  }
});

describe("the alert rules", () => {
  it("are all shown to fire and not to fire", () => {
    assert.deepEqual(new Set(alertRules().map(({ alert }) => alert)), new Set(ALERT_CASES.map(({ alert }) => alert)));
  });

  it("speak of no label that what fires does not have", () => {
    for (const { alert, annotations } of alertRules()) {
      for (const [, label] of JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)) {
        for (const { labels } of ALERT_CASES.filter((of) => of.alert === alert))
          assert.ok(label in labels, `${alert} has no ${label}`);
      }
    }
  });

  it("each lead to an entry of the runbook, and every entry belongs to one", () => {
    const runbook = readFileSync(join(prometheusDirectory, "runbooks.md"), "utf8");
    const entries = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      entries,
      alertRules().map(({ alert }) => alert),
    );
    for (const { alert, annotations } of alertRules()) {
      const page = '{{ or $externalLabels.runbooks "deploy/prometheus/runbooks.md" }}';
      assert.equal(annotations.runbook_url, `${page}#${alert.toLowerCase()}`);
    }
  });

  it("each have an entry of the runbook that says when the alert ends", () => {
    const runbook = readFileSync(join(prometheusDirectory, "runbooks.md"), "utf8");
    const [, ...entries] = runbook.split(/^## /m);
    assert.deepEqual(
      entries.filter((entry) => !/^- Ends: /m.test(entry)).map((entry) => entry.split("\n")[0]),
      [],
    );
  });

  it("each lead to a panel that shows what they are about", () => {
    for (const { alert, expr, annotations } of alertRules()) {
      const [, address, query] =
        /^\{\{ \$externalLabels\.grafana \}\}(\S+)\?(.*)$/.exec(annotations.dashboard_url) ?? [];
      const dashboard = readDashboards().find(({ uid }) => address === `/d/${uid}`);
      assert.ok(dashboard, `${alert} leads to ${annotations.dashboard_url}`);
      const parameters = new URLSearchParams(query);
      for (const [name] of [...parameters].filter(([of]) => of.startsWith("var-")))
        assert.ok(
          dashboard.templating.list.some((variable) => name === `var-${variable.name}`),
          `${alert}: ${name}`,
        );
      const panel = panelsOf(dashboard).find(({ id }) => id === Number(parameters.get("viewPanel")));
      const shown = new Set(panel?.targets?.flatMap((target) => metricsIn(target.expr)));
      assert.ok(
        metricsIn(expr).some((metric) => shown.has(metric)),
        `${alert} leads to "${panel?.title}", which shows none of ${metricsIn(expr)}`,
      );
    }
  });

  it("have links that lead somewhere, with an address of the runbook and without", function () {
    const program = prometheusProgram("promtool");
    if (program === undefined) this.skip();
    for (const [external, page] of [
      [{}, "deploy/prometheus/runbooks.md"],
      [{ runbooks: "https://example.org/runbooks.md" }, "https://example.org/runbooks.md"],
    ] as const) {
      const directory = mkdtempSync(join(tmpdir(), "regatta-links-"));
      const labels = { service: "rls-racer", instance: "a:9464", severity: "warning" };
      const annotations = alertRules().find(({ alert }) => alert === "RegattaDiskLow")?.annotations;
      const test = {
        rule_files: ruleFiles(),
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            external_labels: { grafana: "http://127.0.0.1:3000", ...external },
            input_series: [
              {
                series: 'regatta_state_disk_available_bytes{service="rls-racer", instance="a:9464"}',
                values: "5e8x20",
              },
            ],
            alert_rule_test: [
              {
                alertname: "RegattaDiskLow",
                eval_time: "12m",
                exp_alerts: [
                  {
                    exp_labels: labels,
                    exp_annotations: {
                      summary: "The disk of rls-racer fills up",
                      description:
                        "The file system with the state of a:9464 has 476.8MiB left. That is less than 1 GiB, or gone in four hours at the rate of the last one.",
                      runbook_url: `${page}#regattadisklow`,
                      dashboard_url: annotations?.dashboard_url
                        .replace(/^\{\{.*?\}\}/, "http://127.0.0.1:3000")
                        .replace(/\{\{.*?\}\}/, "rls-racer"),
                    },
                  },
                ],
              },
            ],
          },
        ],
      };
      writeFileSync(join(directory, "links.yml"), stringify(test));
      assert.match(promtool(program, ["test", "rules", "links.yml"], directory), /SUCCESS/);
      rmSync(directory, { recursive: true });
    }
  });
});

describe("the configuration of Prometheus", () => {
  it("is one that Prometheus takes, with its rules", function () {
    const program = prometheusProgram("promtool");
    if (program === undefined) {
      console.log(`    ${MISSING_PROMETHEUS}.`);
      this.skip();
    }
    const said = promtool(program, ["check", "config", "prometheus.yml"], prometheusDirectory);
    assert.match(said, /2 rule files found/);
  });
});
