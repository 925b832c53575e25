import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { dashboards, dashboardsDirectory, dashboardText } from "../../../deploy/grafana/dashboards.js";
import { readPage } from "../../support/docs/pages.js";
import { panelQueries, readDashboards } from "../../support/judge/dashboard-queries.js";

const project = fileURLToPath(new URL("../../../../", import.meta.url));
const yaml = (path: string) => parse(readFileSync(join(project, path), "utf8"));

/** Text up to the next heading. */
const sectionEnd = (text: string): string => text.split("\n## ")[0];

describe("dashboards", () => {
  it("are committed as npm run dashboards writes them", () => {
    for (const [name, dashboard] of dashboards())
      assert.equal(readFileSync(join(dashboardsDirectory, name), "utf8"), dashboardText(dashboard), name);
    assert.equal(readDashboards().length, dashboards().size);
  });

  it("explain every panel, name a unit, and name every line", () => {
    for (const { title, panels } of readDashboards()) {
      for (const panel of panels.filter(({ type }) => type !== "row")) {
        const of = `${title}: ${panel.title}`;
        assert.ok((panel.description ?? "").length > 30, `${of} has no description`);
        assert.ok((panel.fieldConfig?.defaults.unit ?? "") !== "", `${of} has no unit`);
        assert.ok((panel.targets ?? []).length > 0, `${of} asks nothing`);
        if (panel.type === "table") continue;
        for (const { legendFormat } of panel.targets ?? []) assert.notEqual(legendFormat, "", `${of} has no legend`);
      }
    }
  });

  it("have panels of distinct numbers, and use no variable that is not there", () => {
    for (const { title, panels, templating } of readDashboards()) {
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, title);
      const names = new Set([...templating.list.map(({ name }) => name), "__rate_interval"]);
      for (const [, name] of JSON.stringify({ panels, templating }).matchAll(/\$(\w+)/g))
        assert.ok(names.has(name) || name === "__all", `${title} has no $${name}`);
    }
  });

  it("show every metric of the race", () => {
    const [, race] = readPage("docs/operations.md").text.split("| **The race** | |");
    const metrics = [...sectionEnd(race).matchAll(/`(regatta_[a-z_]+)`/g)].map(([, name]) => name);
    assert.ok(metrics.length >= 14);
    const asked = panelQueries().map(({ expr }) => expr);
    const missing = metrics.filter((name) => !asked.some((expr) => new RegExp(`\\b${name}\\b`).test(expr)));
    assert.deepEqual(missing, []);
  });

  it("are what Grafana is told to read, of the scrape interval that Prometheus has", () => {
    const { providers } = yaml("deploy/grafana/provisioning/dashboards/regatta.yml");
    assert.deepEqual(
      providers.map(({ type, options }: { type: string; options: unknown }) => [type, options]),
      [["file", { path: "/etc/regatta/dashboards" }]],
    );
    const { datasources } = yaml("deploy/grafana/provisioning/datasources/prometheus.yml");
    const { global } = yaml("deploy/prometheus/prometheus.yml");
    assert.equal(datasources[0].jsonData.timeInterval, global.scrape_interval);
  });
});
