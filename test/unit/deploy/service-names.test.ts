import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { SERVICE_DEFINITIONS } from "../../../deploy/cli/definitions.js";
import { SERVICE_NAMES } from "../../../services/names.js";
import { readSettings } from "../../../shared/config.js";

const project = fileURLToPath(new URL("../../../../", import.meta.url));
const yaml = (path: string) => parse(readFileSync(join(project, path), "utf8"), { merge: true });

describe("the list of the services", () => {
  it("names the folders of services/, each with a main, and what each calls itself", () => {
    const folders = readdirSync(join(project, "services"), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    assert.deepEqual(folders.map(({ name }) => name).sort(), SERVICE_NAMES.toSorted());
    for (const name of SERVICE_NAMES) {
      assert.ok(existsSync(join(project, "services", name, "main.ts")), name);
      assert.equal(SERVICE_DEFINITIONS[name].name, name);
    }
  });

  it("is in the order of a record: each service reads what the ones before it write", () => {
    const written = new Set<string>();
    for (const name of SERVICE_NAMES) {
      const service = SERVICE_DEFINITIONS[name];
      const settings = readSettings(service.settings, {});
      if (service.kind === "processor")
        for (const topic of service.inputs(settings)) assert.ok(written.has(topic), topic);
      for (const topic of service.outputs(settings)) written.add(topic.name);
    }
  });

  it("is what docker-compose.yml runs, in its order, besides images of others", () => {
    const services: Record<string, { build?: unknown }> = yaml("docker-compose.yml").services;
    const built = Object.entries(services).filter(([, { build }]) => build !== undefined);
    assert.deepEqual(
      built.map(([name]) => name),
      SERVICE_NAMES,
    );
  });

  it("is what Prometheus asks for metrics, and whose absence is an alert", () => {
    const jobs: { job_name: string; dns_sd_configs?: { names: string[] }[] }[] = yaml(
      "deploy/prometheus/prometheus.yml",
    ).scrape_configs;
    const asked = jobs.flatMap(({ dns_sd_configs = [] }) => dns_sd_configs.flatMap(({ names }) => names));
    assert.deepEqual(asked, SERVICE_NAMES);
    const groups: { rules: { alert: string; expr: string }[] }[] = yaml("deploy/prometheus/rules/alerts.yml").groups;
    const absent = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === "RegattaServiceAbsent");
    assert.ok(absent);
    const watched = [...absent.expr.matchAll(/absent\(up\{job="regatta", service="([^"]+)"\}\)/g)];
    assert.deepEqual(
      watched.map(([, name]) => name),
      SERVICE_NAMES,
    );
  });
});
