import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { dashboards, dashboardsDirectory, dashboardText } from "../../../deploy/grafana/dashboards.js";
import { SERVICE_NAMES } from "../../../services/names.js";
import { readPage } from "../../support/docs/pages.js";
import {
  annotationQueries,
  panelQueries,
  panelsOf,
  type ReadPanel,
  readDashboards,
} from "../../support/judge/dashboard-queries.js";

const project = fileURLToPath(new URL("../../../../", import.meta.url));
const yaml = (path: string) => parse(readFileSync(join(project, path), "utf8"));

/** Variables that Grafana sets itself. */
const GRAFANAS_OWN = new Set(["__field", "__value", "__url_time_range"]);
const DEFAULT_MODELS = ["rls1", "rls2", "rf", "lin", "gb"];
const overridesSchema = z.array(
  z.object({
    matcher: z.object({ options: z.string() }),
    properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
  }),
);

/** The places of Grafana's grid that a panel takes. */
function cellsOf({ x, y, w, h }: ReadPanel["gridPos"]): [number, number][] {
  return Array.from({ length: w * h }, (_, k) => [x + (k % w), y + Math.floor(k / w)]);
}

/** Text up to the next heading. */
const sectionEnd = (text: string): string => text.split("\n## ")[0];

describe("dashboards", () => {
  it("are committed as npm run dashboards writes them", () => {
    for (const [name, dashboard] of dashboards())
      assert.equal(readFileSync(join(dashboardsDirectory, name), "utf8"), dashboardText(dashboard), name);
    assert.equal(readDashboards().length, dashboards().size);
  });

  it("explain every panel, name a unit, and name every line", () => {
    for (const dashboard of readDashboards()) {
      for (const panel of panelsOf(dashboard).filter(({ type }) => type !== "row")) {
        const of = `${dashboard.title}: ${panel.title}`;
        assert.ok((panel.description ?? "").length > 30, `${of} has no description`);
        assert.ok((panel.fieldConfig?.defaults.unit ?? "") !== "", `${of} has no unit`);
        assert.ok((panel.targets ?? []).length > 0, `${of} asks nothing`);
        if (panel.type === "table") continue;
        for (const { legendFormat } of panel.targets ?? []) assert.notEqual(legendFormat, "", `${of} has no legend`);
      }
    }
  });

  it("have panels of distinct numbers, and use no variable that is not there", () => {
    for (const dashboard of readDashboards()) {
      const { title, panels, templating, annotations } = dashboard;
      const ids = panelsOf(dashboard).map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, title);
      const names = new Set([...templating.list.map(({ name }) => name), "__rate_interval", "__all"]);
      // $1 is a part of what label_replace has matched.
      for (const [, name] of JSON.stringify({ panels, templating, annotations }).matchAll(/\$\{?([a-z_]\w*)/g))
        assert.ok(names.has(name) || GRAFANAS_OWN.has(name), `${title} has no $${name}`);
    }
  });

  it("ask for what is true now where they show it as that, and for what was where they draw it", () => {
    const kinds = {
      stat: true,
      table: true,
      bargauge: true,
      timeseries: false,
      "state-timeline": false,
      xychart: false,
    };
    for (const panel of readDashboards().flatMap(panelsOf)) {
      for (const { instant } of panel.targets ?? [])
        assert.equal(instant, kinds[panel.type as keyof typeof kinds], panel.title);
    }
  });

  it("give a model and a service one colour wherever it has a line of its own", () => {
    const colors = new Map<string, unknown>();
    for (const { targets = [], fieldConfig, title } of readDashboards().flatMap(panelsOf)) {
      const overrides = overridesSchema.parse(fieldConfig?.overrides ?? []);
      const of = new Map(overrides.map(({ matcher, properties }) => [matcher.options, properties]));
      const legends = targets.map(({ legendFormat }) => legendFormat);
      const isDrawn = targets.some(({ instant }) => !instant);
      if (isDrawn && legends.includes("{{service}}") && title !== "Tasks that do not run")
        for (const name of SERVICE_NAMES) assert.ok(of.has(name), `${title} has no colour of ${name}`);
      if (isDrawn && legends.includes("{{model}}"))
        for (const name of DEFAULT_MODELS) assert.ok(of.has(name), `${title} has no colour of ${name}`);
      for (const [name, properties] of of) {
        const color = properties.find(({ id }) => id === "color");
        if (color === undefined) continue;
        assert.deepEqual(colors.get(name) ?? color.value, color.value, `${title} has another colour of ${name}`);
        colors.set(name, color.value);
      }
    }
    assert.ok(colors.size > 10);
  });

  it("place every panel beside or below the others, those of a closed row below its head", () => {
    for (const { title, panels } of readDashboards()) {
      const taken = new Set<string>();
      for (const { gridPos, panels: inside = [] } of panels) {
        for (const [x, y] of cellsOf(gridPos)) {
          assert.ok(!taken.has(`${x} ${y}`), `${title}: two panels at ${x}, ${y}`);
          taken.add(`${x} ${y}`);
        }
        if (inside.length > 0) assert.equal(inside[0].gridPos.y, gridPos.y + 1, title);
      }
      const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
      const empty = Array.from({ length: rows }, (_, y) => y).filter((y) => !taken.has(`0 ${y}`));
      assert.deepEqual(empty, [], `${title} has empty rows`);
    }
  });

  it("lead to one another with the time shown, and mark restarts, alerts, new champions and standstills", () => {
    for (const { links } of readDashboards())
      assert.deepEqual(links, [{ tags: ["regatta"], keepTime: true, includeVars: true }]);
    const marked = annotationQueries().map(({ of }) => of);
    for (const name of ["Restarts", "Alerts"]) assert.equal(marked.filter((of) => of.endsWith(name)).length, 2, name);
    for (const name of ["New champions", "Standstill"])
      assert.equal(marked.filter((of) => of.endsWith(name)).length, 1, name);
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
