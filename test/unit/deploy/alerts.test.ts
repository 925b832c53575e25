import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scraped } from "../../support/judge/alert-case.js";
import { ALERT_CASES } from "../../support/judge/alert-cases.js";
import { expectFiring } from "../../support/judge/firing.js";
import { MISSING_PROMETHEUS, prometheusProgram, promtool } from "../../support/judge/promtool.js";
import { alertRules, prometheusDirectory } from "../../support/judge/rule-files.js";

/** By then every quiet case has seen all its samples, unless it says otherwise. */
const QUIET_AT = ["1m", "2m", "3m", "5m", "8m", "10m", "12m", "15m", "20m", "25m", "30m"];

describe("alert", function () {
  this.timeout(200_000);
  let program = "";
  let directory = "";

  before(function () {
    const found = prometheusProgram("promtool");
    if (found === undefined) {
      console.log(`    ${MISSING_PROMETHEUS}.`);
      this.skip();
    }
    program = found;
    directory = mkdtempSync(join(tmpdir(), "regatta-alerts-"));
  });
  after(() => {
    if (directory !== "") rmSync(directory, { recursive: true, force: true });
  });

  function check(alert: string, scraped: Scraped, times: readonly string[], labels: readonly Record<string, string>[]) {
    expectFiring({ program, directory, alert, scraped, interval: "15s", times, labels });
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
    for (const { alert, annotations } of alertRules())
      assert.equal(annotations.runbook_url, `deploy/prometheus/runbooks.md#${alert.toLowerCase()}`);
  });

  it("each have an entry of the runbook that says when the alert ends", () => {
    const runbook = readFileSync(join(prometheusDirectory, "runbooks.md"), "utf8");
    const [, ...entries] = runbook.split(/^## /m);
    assert.deepEqual(
      entries.filter((entry) => !/^- Ends: /m.test(entry)).map((entry) => entry.split("\n")[0]),
      [],
    );
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
