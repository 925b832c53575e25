/** The scores of all models of the series over time, and at the newest verdict as a table. */
import type { Score, VerdictPoint } from "../messages.js";
import { championMarks } from "./champion-marks.js";
import { Chart, type Drawing, type Line } from "./chart.js";
import { byId, colourOf, make, modelColour, modelName, setRows, setText } from "./elements.js";
import type { Race } from "./race-store.js";
import { percentText, valueText } from "./words.js";

type Shown = "fading" | "mse" | "skill";

const NOTES: Readonly<Record<Shown, string>> = {
  fading: "Mean squared error of about the last 100 forecasts, in the square of y's unit: less is better.",
  mse: "Mean squared error of all forecasts so far, in the square of y's unit: less is better. Dashed: forecasting the last y again.",
  skill:
    "Share of squared error saved against forecasting the last y again: more is better, below 0 is worse than doing nothing.",
};
/** The first scores are often of another size by far: the axis is for those after so many observations, but for the largest few. */
const EARLY_N = 100;
const OUTLIERS = 0.02;
const SKILL_MIN = -1;
const LAST = "last y again";

export class ScoresView {
  readonly #place = byId("scores-chart", HTMLDivElement);
  readonly #key = byId("scores-key", HTMLDivElement);
  readonly #note = byId("scores-note", HTMLParagraphElement);
  readonly #score = byId("score", HTMLSelectElement);
  readonly #rows = byId("scores", HTMLTableElement).tBodies[0];
  readonly #chart = new Chart(this.#place, (at) => this.#showKey(at));
  #columns: Columns = { i: [], models: new Map() };
  #races: readonly Race[] = [];

  /** @param changed draws again */
  constructor(changed: () => void) {
    this.#score.addEventListener("change", changed);
  }

  /** Colours have changed. */
  forget(): void {
    this.#chart.forget();
  }

  show(races: readonly Race[]): void {
    this.#races = races;
    const { shown } = this;
    this.#columns = columnsOf(races, shown);
    this.#chart.draw(drawingOf(this.#columns, races, shown));
    this.#showKey(null);
    setText(
      this.#note,
      this.#columns.i.length === 0 ? "No verdict yet: the first comes with the first observations." : NOTES[shown],
    );
    this.#place.ariaLabel = `${NOTES[shown]} The newest scores are in the table below.`;
    this.#showRows();
  }

  /** The score that is chosen. */
  get shown(): Shown {
    const { value } = this.#score;
    return value === "mse" || value === "skill" ? value : "fading";
  }

  #showKey(cursor: number | null): void {
    const { i, models } = this.#columns;
    const at = cursor ?? i.length - 1;
    const text = this.shown === "skill" ? percentText : valueText;
    const values = [...models].map(([model, column]) => {
      const name = model === LAST ? make("span", "", make("span", "swatch last"), LAST) : modelName(model);
      return make("span", "", name, " ", make("b", "", text(column[at])));
    });
    this.#key.replaceChildren(
      ...(i.length === 0 ? [] : [make("span", "", "i ", make("b", "", String(i[at])))]),
      ...values,
    );
  }

  #showRows(): void {
    const rows = this.#races.flatMap(({ verdicts, standing }) => {
      const scores = verdicts.at(-1)?.scores ?? [];
      return scores.map((score) => ({ score, isChampion: score.model === standing?.champion }));
    });
    rows.sort((a, b) => (a.score.fading ?? Number.POSITIVE_INFINITY) - (b.score.fading ?? Number.POSITIVE_INFINITY));
    setRows(
      this.#rows,
      rows.map(({ score, isChampion }) => cellsOf(score, isChampion)),
    );
  }
}

function cellsOf(score: Score, isChampion: boolean): (string | Node)[] {
  const name = modelName(score.model);
  if (isChampion) name.append(make("span", "tag", "champion"));
  return [
    name,
    valueText(score.fading),
    valueText(score.mse),
    valueText(score.mae),
    percentText(score.skill),
    percentText(score.coverage),
  ];
}

interface Columns {
  readonly i: readonly number[];
  readonly models: ReadonlyMap<string, readonly (number | null)[]>;
}

/** The scores of all races side by side: two racers judge at observations of their own. */
function columnsOf(races: readonly Race[], shown: Shown): Columns {
  const all = races.flatMap(({ verdicts }) => verdicts);
  const i = [...new Set(all.map((verdict) => verdict.i))].sort((a, b) => a - b);
  const places = new Map(i.map((value, place) => [value, place]));
  const models = new Map<string, (number | null)[]>();
  const put = (model: string, at: number, value: number | null) => {
    const column = models.get(model) ?? new Array<number | null>(i.length).fill(null);
    column[at] = value;
    models.set(model, column);
  };
  for (const verdict of all) {
    const at = places.get(verdict.i) ?? 0;
    for (const score of verdict.scores) put(score.model, at, score[shown]);
    if (shown === "mse") put(LAST, at, baselineOf(verdict));
  }
  return { i, models };
}

/** mse of forecasting the last y again, from what any model saves against it. */
function baselineOf({ scores }: VerdictPoint): number | null {
  const known = scores.find(({ mse, skill }) => mse !== null && skill !== null && skill < 1);
  return known?.mse == null || known.skill === null ? null : known.mse / (1 - known.skill);
}

function drawingOf({ i, models }: Columns, races: readonly Race[], shown: Shown): Drawing {
  const champions = new Set(races.map(({ standing }) => standing?.champion));
  const lines: Line[] = [...models.keys()].map((model) =>
    model === LAST
      ? { label: model, colour: colourOf("--muted"), width: 1.25, dash: [5, 4] }
      : { label: model, colour: modelColour(model), width: champions.has(model) ? 2.5 : 1.25, points: i.length === 1 },
  );
  const marks = races.flatMap(({ verdicts }) => championMarks(verdicts, (champion) => champion));
  const settledOf = ({ verdicts }: Race) => verdicts.flatMap((verdict) => (verdict.n > EARLY_N ? [verdict.i] : []));
  const settled = i.indexOf(races.flatMap(settledOf).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  const range = rangeOf(
    [...models.values()].flatMap((column) => column.slice(Math.max(0, settled))),
    shown,
  );
  return {
    lines,
    bands: [],
    data: [[...i], ...models.values()] as Drawing["data"],
    marks: marks.sort((a, b) => a.i - b.i),
    range,
  };
}

function rangeOf(values: readonly (number | null)[], shown: Shown): readonly [number, number] | undefined {
  const sorted = Float64Array.from(values.filter((value) => value !== null)).sort();
  if (sorted.length === 0) return undefined;
  const least = Math.floor(OUTLIERS * (sorted.length - 1));
  if (shown === "skill")
    return [Math.max(SKILL_MIN, Math.min(0, sorted[least])), Math.max(0, sorted[sorted.length - 1])];
  return [sorted[0], sorted[sorted.length - 1 - least]];
}
