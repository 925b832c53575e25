/** The list of series: found by name, sorted, a page of them at a time, a sparkline each; and whose champions there are how many. */
import type { SeriesRow } from "../messages.js";
import { byId, make, makeSvg, modelName, setText } from "./elements.js";
import { colourNumber } from "./model-colours.js";
import type { RaceStore } from "./race-store.js";
import { hashOf, keyOf, type Place } from "./route.js";
import { countText, nameText, percentText } from "./words.js";

const ROWS_A_PAGE = 20;
const SPARK = { width: 84, height: 22 };
/** Champions that are named beside the bar. */
const NAMED_MAX = 6;

type Order = (a: SeriesRow, b: SeriesRow) => number;
const collator = new Intl.Collator("en", { numeric: true });
const byName: Order = (a, b) => collator.compare(a.topic, b.topic) || collator.compare(a.series, b.series);
const doubtOf = ({ races }: SeriesRow) => Math.max(-1, ...races.map(({ doubt }) => doubt ?? -1));
const skillOf = ({ races }: SeriesRow) =>
  Math.min(Number.POSITIVE_INFINITY, ...races.map(({ skill }) => skill ?? Number.POSITIVE_INFINITY));
const ORDERS: Readonly<Record<string, Order>> = {
  doubt: (a, b) => doubtOf(b) - doubtOf(a),
  skill: (a, b) => (skillOf(a) === skillOf(b) ? 0 : skillOf(a) - skillOf(b)),
  recent: (a, b) => (b.at ?? 0) - (a.at ?? 0),
  records: (a, b) => b.n - a.n,
};

export class SeriesList {
  readonly #store: RaceStore;
  readonly #body = byId("series", HTMLTableSectionElement);
  readonly #count = byId("list-count", HTMLSpanElement);
  readonly #champions = byId("champions", HTMLDivElement);
  readonly #search = byId("search", HTMLInputElement);
  readonly #sort = byId("sort", HTMLSelectElement);
  readonly #before = byId("before", HTMLButtonElement);
  readonly #after = byId("after", HTMLButtonElement);
  readonly #pageText = byId("page", HTMLSpanElement);
  readonly #rows = new Map<string, { readonly element: HTMLTableRowElement; row: SeriesRow }>();
  /** All series by name: sorted again only where some came or went. */
  #named: string[] = [];
  #page = 0;

  /** @param changed draws again */
  constructor(store: RaceStore, changed: () => void) {
    this.#store = store;
    const anew = () => {
      this.#page = 0;
      changed();
    };
    const turn = (pages: number) => () => {
      this.#page += pages;
      changed();
    };
    this.#search.addEventListener("input", anew);
    this.#sort.addEventListener("change", anew);
    this.#before.addEventListener("click", turn(-1));
    this.#after.addEventListener("click", turn(1));
  }

  /** The series that comes first by name. */
  get first(): Place | undefined {
    this.#nameAll();
    return this.#store.rows.get(this.#named[0] ?? "");
  }

  show(place: Place | undefined): void {
    this.#nameAll();
    const found = this.#found();
    const pages = Math.max(1, Math.ceil(found.length / ROWS_A_PAGE));
    this.#page = Math.min(pages - 1, Math.max(0, this.#page));
    const shown = found.slice(this.#page * ROWS_A_PAGE, (this.#page + 1) * ROWS_A_PAGE);
    this.#showRows(shown, place === undefined ? undefined : keyOf(place));
    const { size } = this.#store.rows;
    setText(this.#count, found.length === size ? countText(size) : `${countText(found.length)} of ${countText(size)}`);
    setText(this.#pageText, `${countText(this.#page + 1)} of ${countText(pages)}`);
    this.#before.disabled = this.#page === 0;
    this.#after.disabled = this.#page === pages - 1;
    this.#showChampions();
  }

  #nameAll(): void {
    if (this.#named.length === this.#store.rows.size && !this.#store.rowsAreOthers) return;
    const rows = [...this.#store.rows].sort(([, a], [, b]) => byName(a, b));
    this.#named = rows.map(([key]) => key);
  }

  #found(): SeriesRow[] {
    const wanted = this.#search.value.toLowerCase();
    const rows = this.#named.flatMap((key) => {
      const row = this.#store.rows.get(key);
      return row !== undefined && key.toLowerCase().includes(wanted) ? [row] : [];
    });
    const order = ORDERS[this.#sort.value];
    return order === undefined ? rows : rows.sort(order);
  }

  /** Rows that stay keep their elements, and so the focus. */
  #showRows(shown: readonly SeriesRow[], current: string | undefined): void {
    const keys = new Set(shown.map(keyOf));
    for (const [key, { element }] of this.#rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
    let next = this.#body.firstElementChild;
    for (const row of shown) {
      const key = keyOf(row);
      const known = this.#rows.get(key);
      const element = known?.element ?? rowElement(row);
      if (known?.row !== row) fillRow(element, row);
      this.#rows.set(key, { element, row });
      const link = element.querySelector("a");
      if (key === current) link?.setAttribute("aria-current", "page");
      else link?.removeAttribute("aria-current");
      element.classList.toggle("current", key === current);
      if (element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(element, next);
    }
  }

  #showChampions(): void {
    const counts = new Map<string, number>();
    for (const { races } of this.#store.rows.values())
      for (const { champion } of races) counts.set(champion, (counts.get(champion) ?? 0) + 1);
    const sorted = [...counts].sort(([a, m], [b, n]) => n - m || collator.compare(a, b));
    const total = sorted.reduce((sum, [, count]) => sum + count, 0);
    const svg = makeSvg("svg", {
      viewBox: "0 0 100 4",
      preserveAspectRatio: "none",
      class: "shares",
      "aria-hidden": "true",
    });
    let x = 0;
    for (const [model, count] of sorted) {
      const width = (100 * count) / total;
      svg.append(makeSvg("rect", { x, y: 0, width, height: 4, class: `fill-${colourNumber(model)}` }));
      x += width;
    }
    const named = sorted
      .slice(0, NAMED_MAX)
      .map(([model, count]) => make("span", "", modelName(model), ` ${countText(count)}`));
    const more = sorted.length > NAMED_MAX ? [make("span", "", `and ${sorted.length - NAMED_MAX} more`)] : [];
    this.#champions.replaceChildren(...(total === 0 ? [] : [svg, make("p", "key", "Champions: ", ...named, ...more)]));
  }
}

function rowElement(row: SeriesRow): HTMLTableRowElement {
  const link = make("a", "", make("bdi", "", nameText(row.series)));
  link.href = hashOf(row);
  const head = make("th", "", link, make("span", "topic", row.topic));
  head.scope = "row";
  return make("tr", "", head, ...["", "number", "number", "spark"].map((name) => make("td", name)));
}

function fillRow(element: HTMLTableRowElement, { races, spark }: SeriesRow): void {
  const [champion, doubt, skill, line] = element.querySelectorAll("td");
  const lines = (texts: readonly (string | Node)[]) => texts.map((text) => make("div", "", text));
  champion?.replaceChildren(...lines(races.map((race) => modelName(race.champion))));
  doubt?.replaceChildren(...lines(races.map((race) => percentText(race.doubt))));
  skill?.replaceChildren(...lines(races.map((race) => percentText(race.skill))));
  line?.replaceChildren(sparkline(spark));
}

function sparkline(values: readonly (number | null)[]): SVGElement {
  const { width, height } = SPARK;
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  let path = "";
  let isDown = false;
  for (const [k, value] of values.entries()) {
    if (value !== null) {
      const x = values.length === 1 ? width / 2 : 1 + (k * (width - 2)) / (values.length - 1);
      path += `${isDown ? "L" : "M"}${x.toFixed(1)} ${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`;
    }
    isDown = value !== null;
  }
  svg.append(makeSvg("path", { d: path }));
  return svg;
}
