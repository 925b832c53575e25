/**
 * The pictures that the documents show, and what each of them shows. Beside them lies a file with the digests of what they showed
 * when they were taken, so that a test can tell that one is older than that.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
/** Where the documents have their pictures. */
export const PICTURES = "docs/pictures";
const DIGESTS = "pictures.json";

/** What makes the page look as it does; what it is told, and how, is not among it. */
const PAGE_LOOKS = [
  ...["page.html", "page.css", "chart.ts", "model-colours.ts", "words.ts", "headline.ts", "forecast-view.ts"],
  ...["scores-view.ts", "errors-view.ts", "series-list.ts", "side-views.ts"],
].map((name) => `deploy/page/browser/${name}`);
const BOARD_LOOKS = ["board.ts", "board-line.ts", "board-table.ts", "board-races.ts", "mse-history.ts"].map(
  (name) => `deploy/local/${name}`,
);
const dashboardLooks = (name: string) => [`deploy/grafana/dashboards/${name}.json`];

/** By picture: the files that it shows. */
const LOOKS: ReadonlyMap<string, readonly string[]> = new Map([
  ["board.png", BOARD_LOOKS],
  ["page-light.png", PAGE_LOOKS],
  ["page-dark.png", PAGE_LOOKS],
  ["page-phone.png", PAGE_LOOKS],
  ["dashboard-race.png", dashboardLooks("race")],
  ["dashboard-pipeline.png", dashboardLooks("pipeline")],
]);

const digestsSchema = z.record(z.string(), z.string());

/** The digests that the pictures of a folder were taken of, by their names; none where no picture was taken. */
export function takenOf(directory: string): Readonly<Record<string, string>> {
  const file = join(directory, DIGESTS);
  return existsSync(file) ? digestsSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : {};
}

/** Notes that pictures were taken of what there is now. */
export function noteTaken(directory: string, names: readonly string[]): void {
  const now = Object.fromEntries(names.map((name) => [name, digestOf(name)]));
  const digests = Object.entries({ ...takenOf(directory), ...now }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(directory, DIGESTS), `${JSON.stringify(Object.fromEntries(digests), null, 2)}\n`);
}

/**
 * The digest of what a picture shows.
 * @throws {Error} there is no such picture
 */
export function digestOf(name: string): string {
  const files = LOOKS.get(name);
  if (files === undefined) throw new Error(`expected one of ${[...LOOKS.keys()].join(", ")}, got ${name}`);
  const hash = createHash("sha256");
  for (const file of files) hash.update(looksOf(readFileSync(join(PROJECT, file), "utf8")));
  return hash.digest("hex");
}

/** A source without its comments, imports and indentation, which nobody sees. */
export function looksOf(source: string): string {
  const lines = source.replaceAll(/^import [^;]*;$|^\s*\/\*[\s\S]*?\*\//gm, "").split("\n");
  const seen = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("//"));
  return `${seen.join("\n")}\n`;
}
