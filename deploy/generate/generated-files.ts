/** Every committed file that is made from the code, but for the WebAssembly binary, which has a compiler of its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dashboards, dashboardText } from "../grafana/dashboards.js";
import { lockedManifests } from "../kubernetes/locked-manifests.js";
import { manifests, manifestsText } from "../kubernetes/manifests.js";
import { asyncApi } from "./async-api.js";
import { readBenchRows, SECTION_NAMES } from "./bench-results.js";
import { benchTables } from "./bench-tables.js";
import { contractPage } from "./contract-page.js";
import { contractTypes } from "./contract-types.js";
import { registryFiles, schemaFiles } from "./json-schemas.js";
import { modelTable } from "./model-table.js";
import { settingsPage } from "./settings-page.js";

const project = fileURLToPath(new URL("../../../", import.meta.url));

/** The texts of the files, by their absolute paths. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const models = join(project, "docs/models.md");
  const performance = join(project, "docs/performance.md");
  return new Map([
    ...[...dashboards()].map(([name, of]) => entry(`deploy/grafana/dashboards/${name}`, dashboardText(of))),
    ...[...manifests()].map(([name, of]) => entry(`deploy/kubernetes/${name}`, manifestsText(of))),
    ...[...lockedManifests()].map(([name, of]) => entry(`deploy/kubernetes-locked/${name}`, manifestsText(of))),
    ...[...schemaFiles()].map(([name, text]) => entry(`contract/${name}`, text)),
    ...[...registryFiles()].map(([name, text]) => entry(`contract/registry/${name}`, text)),
    entry("docs/asyncapi.json", asyncApi()),
    entry("docs/contract.md", contractPage()),
    entry("examples/consumers/typescript/contract.ts", await contractTypes()),
    entry("docs/settings.md", settingsPage()),
    [performance, performancePage(readFileSync(performance, "utf8"))],
    [models, withPart(readFileSync(models, "utf8"), "hyper-parameters", modelTable())],
  ]);
}

/** docs/performance.md with the tables of what was measured last. */
function performancePage(page: string): string {
  const rows = readBenchRows();
  return SECTION_NAMES.reduce((text, section) => withPart(text, section, benchTables(section, rows)), page);
}

function entry(path: string, text: string): [string, string] {
  return [join(project, path), text];
}

/**
 * A page with `part` between the comments `<!-- name -->` and `<!-- /name -->`.
 * @throws {RangeError} the page does not have both, in this order
 */
function withPart(page: string, name: string, part: string): string {
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const start = page.indexOf(open) + open.length;
  const end = page.indexOf(close, start);
  if (!page.includes(open) || end === -1)
    throw new RangeError(`expected a page with ${open.trim()} and ${close} after it`);
  return `${page.slice(0, start)}${part}\n${page.slice(end)}`;
}
