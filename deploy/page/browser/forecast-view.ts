/** y against the champion's forecasts with their interval, verdicts as marks, and the newest values as a table. */
import { championMarks } from "./champion-marks.js";
import { Chart, type Drawing, type Line } from "./chart.js";
import { byId, colourOf, make, modelColour, modelName, setRows, setText } from "./elements.js";
import type { Race } from "./race-store.js";
import { countText, nameText, valueText } from "./words.js";

const ROWS = 10;
/** Points are drawn as dots where there are at most so many. */
const DOTS_MAX = 250;

export class ForecastView {
  readonly #place = byId("forecast-chart", HTMLDivElement);
  readonly #key = byId("forecast-key", HTMLDivElement);
  readonly #note = byId("forecast-note", HTMLParagraphElement);
  readonly #span = byId("span", HTMLSelectElement);
  readonly #rows = byId("newest", HTMLTableElement).tBodies[0];
  readonly #chart = new Chart(this.#place, (at) => this.#showKey(at));
  #race: Race | undefined;
  #begin = 0;

  /** @param changed draws again */
  constructor(changed: () => void) {
    this.#span.addEventListener("change", changed);
  }

  /** Colours have changed. */
  forget(): void {
    this.#chart.forget();
  }

  show(race: Race | undefined): void {
    this.#race = race;
    const all = race?.points.i.length ?? 0;
    this.#begin = Math.max(0, all - Number(this.#span.value));
    this.#chart.draw(drawingOf(race, this.#begin));
    this.#showKey(null);
    this.#showNote(all);
    this.#showRows();
  }

  #showNote(all: number): void {
    const race = this.#race;
    const shown = all - this.#begin;
    if (race === undefined || shown === 0) {
      setText(this.#note, "No forecasts yet. Where BEST is off there will be none.");
      return;
    }
    const older = race.older > 0 ? `; ${countText(race.older)} older ones are not kept here` : "";
    setText(
      this.#note,
      `Axis: i, the sender's counter. Observations shown: ${countText(shown)} of ${countText(all)} that are kept${older}.`,
    );
    const newest = race.points.i[all - 1];
    this.#place.ariaLabel = `y and the champion's forecast of ${countText(shown)} observations, up to i ${newest}. The newest values are in a table below.`;
  }

  /** What the lines are, with their values at the cursor, or the newest. */
  #showKey(cursor: number | null): void {
    const race = this.#race;
    if (race === undefined || race.points.i.length === 0) {
      this.#key.replaceChildren();
      return;
    }
    const { i, y, yhat, lower, upper, model } = race.points;
    const at = cursor === null ? i.length - 1 : Math.min(i.length - 1, this.#begin + cursor);
    const champion = model[at] === null ? undefined : race.champions[model[at]];
    const interval = lower[at] === null ? "no interval" : `${valueText(lower[at])} to ${valueText(upper[at])}`;
    this.#key.replaceChildren(
      make("span", "", "i ", make("b", "", String(i[at]))),
      make(
        "span",
        "",
        make("span", "swatch y"),
        "y ",
        make("b", "", y[at] === null ? "not known yet" : valueText(y[at])),
      ),
      make(
        "span",
        "",
        ...(champion === undefined ? ["no champion"] : [modelName(champion)]),
        " forecast ",
        make("b", "", valueText(yhat[at])),
      ),
      make("span", "", "interval ", make("b", "", interval)),
    );
  }

  #showRows(): void {
    const race = this.#race;
    const count = race?.points.i.length ?? 0;
    const rows: (string | Node)[][] = [];
    for (let at = count - 1; race !== undefined && at >= Math.max(0, count - ROWS); at--) {
      const { i, y, yhat, lower, upper, model } = race.points;
      const [value, forecast, place] = [y[at], yhat[at], model[at]];
      rows.push([
        String(i[at]),
        valueText(value),
        valueText(forecast),
        value === null || forecast === null ? valueText(null) : valueText(value - forecast),
        lower[at] === null ? valueText(null) : `${valueText(lower[at])} to ${valueText(upper[at])}`,
        place === null ? valueText(null) : nameText(race.champions[place] ?? ""),
      ]);
    }
    setRows(this.#rows, rows);
  }
}

/** A champion has a line and an interval of its own, with gaps where another one reigned. */
function drawingOf(race: Race | undefined, begin: number): Drawing {
  if (race === undefined) return { lines: [], bands: [], data: [[]], marks: [] };
  const { points, champions, verdicts } = race;
  const numbers = points.model.slice(begin);
  const present = new Set(numbers);
  const dots = numbers.length <= DOTS_MAX;
  const lines: Line[] = [{ label: "y", colour: colourOf("--y"), width: dots ? 0.75 : 1, points: dots }];
  const data: (number | null)[][] = [points.i.slice(begin), points.y.slice(begin)];
  const bands: Drawing["bands"][number][] = [];
  for (const [number, champion] of champions.entries()) {
    if (!present.has(number)) continue;
    const colour = modelColour(champion);
    const own = (column: readonly (number | null)[]) =>
      column.slice(begin).map((value, k) => (numbers[k] === number ? value : null));
    data.push(own(points.upper), own(points.lower), own(points.yhat));
    const edge = { colour: "transparent", width: 0, gaps: true };
    lines.push(
      { label: "upper", ...edge },
      { label: "lower", ...edge },
      { label: champion, colour, width: 1.75, gaps: true },
    );
    bands.push({ series: [lines.length - 2, lines.length - 1], fill: `${colour}30` });
  }
  const marks = championMarks(verdicts, (champion) => `champion ${nameText(champion)}`);
  return { lines, bands, data: data as Drawing["data"], marks };
}
