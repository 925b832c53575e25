/** The files that the page is made of, read once: nothing else of this machine is ever served. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const SOURCE = join(PROJECT, "deploy", "page", "browser");
const COMPILED = join(PROJECT, "dist", "deploy", "page", "browser");
const UPLOT = join(PROJECT, "node_modules", "uplot", "dist");

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const ICON = "image/svg+xml";

/**
 * By path.
 * @throws {Error} the code for the browser is not compiled, or uPlot is not installed
 */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  if (!existsSync(join(COMPILED, "main.js"))) throw new Error(`expected ${COMPILED}/main.js: run npm run build`);
  const files: [path: string, file: string, type: string][] = [
    ["/", join(SOURCE, "page.html"), HTML],
    ["/page.css", join(SOURCE, "page.css"), CSS],
    ["/icon.svg", join(SOURCE, "icon.svg"), ICON],
    ["/uplot.css", join(UPLOT, "uPlot.min.css"), CSS],
    ["/uplot.js", join(UPLOT, "uPlot.esm.js"), SCRIPT],
  ];
  const scripts = readdirSync(COMPILED).filter((name) => name.endsWith(".js"));
  files.push(...scripts.map((name): (typeof files)[number] => [`/${name}`, join(COMPILED, name), SCRIPT]));
  return new Map(files.map(([path, file, type]) => [path, { type, body: new Uint8Array(readFileSync(file)) }]));
}
