/** The project's pages as text, with their headings, links and blocks: what tests compare with the code. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { root } from "../structure/imports.js";

export interface Page {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  /** Names that a link may have after `#`, as GitHub makes them of headings. */
  readonly anchors: ReadonlySet<string>;
}

export interface Link {
  readonly page: string;
  /** As it is written. */
  readonly target: string;
  /** Of a file or folder, from the project's root. */
  readonly path: string;
  readonly anchor: string | undefined;
}

const FENCE = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

/** Every page that a reader of the project is sent to. */
export function allPages(): readonly Page[] {
  const docs = readdirSync(posix.join(root, "docs")).filter((name) => name.endsWith(".md"));
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/prometheus/runbooks.md"];
  return [...paths, ...docs.map((name) => `docs/${name}`)].map(readPage);
}

/** @param path from the project's root */
export function readPage(path: string): Page {
  const text = readFileSync(posix.join(root, path), "utf8");
  return { path, text, anchors: anchorsOf(text) };
}

/** Links of the page to files of the project; those to other sites are left out. */
export function linksOf({ path: page, text }: Page): Link[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [file, anchor] = target.split("#");
      return { page, target, path: file === "" ? page : posix.join(posix.dirname(page), file), anchor };
    });
}

/** The fenced blocks of a page in this language; undefined for all. */
export function blocksOf({ text }: Page, language?: string): string[] {
  return [...text.matchAll(FENCE)]
    .filter(([, name]) => language === undefined || name === language)
    .map(([, , body]) => body);
}

/** What stands between two headings of a page: from the line after `heading` to the next heading of its level or above. */
export function sectionOf({ path, text }: Page, heading: string): string {
  const lines = text.split("\n");
  const begin = lines.indexOf(heading);
  if (begin < 0) throw new Error(`expected ${path} to have the heading ${heading}`);
  const level = heading.indexOf(" ");
  const length = lines.slice(begin + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
  return lines.slice(begin + 1, length < 0 ? undefined : begin + 1 + length).join("\n");
}

/** The cells of a Markdown table's body, row by row. */
export function rowsOf(section: string): string[][] {
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1))
    .slice(1);
}

/** Lines of a page's tables that have another number of cells than the line above them. */
export function raggedRows({ path, text }: Page): string[] {
  const lines = proseOf(text).split("\n");
  const cells = lines.map((line) => (line.startsWith("|") ? line.split(/(?<!\\)\|/).length : 0));
  return lines
    .filter((_, at) => cells[at] > 0 && at > 0 && cells[at - 1] > 0 && cells[at] !== cells[at - 1])
    .map((line) => `${path}: ${line}`);
}

/** The text without its fenced blocks. */
export function proseOf(text: string): string {
  return text.replaceAll(FENCE, "");
}

function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...proseOf(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  return new Set(headings.map(anchorOf));
}

/** GitHub's rule: small letters, blanks as dashes, punctuation left out. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

/** The arrows of a flowchart of mermaid, as lines `from --> to` of the names that its boxes show, in order. */
export function drawnArrows(chart: string): string[] {
  const names = new Map([...chart.matchAll(/(\w+)\["([^"]+)"\]/g)].map(([, id, name]) => [id, name]));
  const named = (ids: string) => ids.split(" & ").map((id) => names.get(id) ?? id);
  return [...chart.matchAll(/^ +(\w+(?: & \w+)*) --> (\w+(?: & \w+)*)$/gm)]
    .flatMap(([, from, to]) => named(from).flatMap((a) => named(to).map((b) => `${a} --> ${b}`)))
    .sort();
}
