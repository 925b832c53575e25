/** The races as tables: a row for each series, and below it how good the models were lately. Pure. */
import { printable } from "../printable.js";
import { cutToWidth } from "../text-width.js";
import { type Line, lineWidth, type Word, word } from "./board-line.js";
import { type Column, fittingColumns, tableLines } from "./board-table.js";
import { type MseHistory, STRETCHES, sparkline } from "./mse-history.js";
import type { ModelRow, SeriesRow, TopicSummary } from "./race-summary.js";
import type { ShownVerdict } from "./race-view.js";

const NAME_MAX = 16;
const TOPIC_MAX = 32;
const BARS_MIN = 4;
/** In a narrower terminal only the number of the page says which series are shown. */
const RANGE_COLUMNS_MIN = 80;

/** Ranks of columns, see {@link Column.rank}: the newest y gives way first; of the scores that of the last model. */
const RANK = { newest: 0, evidence: 1, margin: 2, records: 3, lastModel: 4, gap: 1000, champion: 1001, always: 1002 };

/** A table for each topic, with its models below. Where `history` is undefined, as at the end, that is a count of what is not shown. */
export function raceLines(races: readonly TopicSummary[], width: number, history: MseHistory | undefined): Line[] {
  const isLive = history !== undefined;
  return races.flatMap((race) => {
    const columns = fittingColumns(columnsOf(race, headOf(race, width, isLive), isLive), width);
    const shown = columns.filter(({ head }) => head.endsWith(MSE)).length;
    const below = history === undefined ? restLine(race, shown) : modelsLine(race, history, width);
    return [...tableLines(columns), ...(below.length === 0 ? [] : [below]), [""]];
  });
}

const MSE = " mse";

function columnsOf({ rows, models }: TopicSummary, head: string, isLive: boolean): Column[] {
  const judged = rows.some(({ verdicts }) => verdicts.length > 0);
  const column = (head: string, align: "left" | "right", rank: number, cellOf: (row: SeriesRow) => Word): Column => ({
    ...{ head, align, rank },
    cells: rows.map(cellOf),
  });
  const ofVerdicts = (head: string, rank: number, textOf: (verdict: ShownVerdict) => string, style?: StyleOf) =>
    column(head, "left", rank, ({ verdicts }) => word(verdicts.map(textOf).join(", ") || "-", style?.(verdicts)));
  return [
    column(head, "left", RANK.always, ({ series }) => nameOf(series)),
    column("records", "right", isLive ? RANK.records : RANK.always, ({ records }) => count(records)),
    column("leader", "left", RANK.always, ({ leader }) => word(nameOf(leader ?? "-"), "strong")),
    ...(isLive ? [column("by", "right", RANK.margin, ({ margin }) => percent(margin))] : []),
    ...models.map(({ model }, at) =>
      column(`${nameOf(model)}${MSE}`, "right", RANK.lastModel + models.length - at, (row) =>
        word(score(row.mse.get(model) ?? null), model === row.leader ? "good" : undefined),
      ),
    ),
    ...(judged
      ? [
          ofVerdicts(
            "champion",
            RANK.champion,
            ({ champion }) => nameOf(champion),
            () => "strong",
          ),
        ]
      : []),
    ...(judged && isLive ? [ofVerdicts("gap", RANK.gap, gapText, gapStyle)] : []),
    ...(judged ? [ofVerdicts("evidence", RANK.evidence, evidenceText)] : []),
    column("y", "right", RANK.newest, ({ y }) => number(y)),
    column("yhat", "right", RANK.newest, ({ yhat }) => score(yhat)),
  ];
}

type StyleOf = (verdicts: readonly ShownVerdict[]) => "good" | "bad" | "strong" | undefined;

/** The topic, and which of its series are shown where that is not all. */
function headOf({ topic, rows, skipped, seriesCount, more }: TopicSummary, width: number, isLive: boolean): string {
  const name = cutToWidth(printable(topic), TOPIC_MAX);
  if (!isLive || width < RANGE_COLUMNS_MIN || rows.length === seriesCount) return name;
  return `${name} ${count(skipped + 1)}-${count(skipped + rows.length)} of ${count(seriesCount)}${more ? "+" : ""}`;
}

/** Of each model the mean of its squared errors in the last minute, as bars of one scale, and the series that it leads. */
function modelsLine({ topic, models, seriesCount }: TopicSummary, history: MseHistory, width: number): Line {
  const means = models.map(({ model }) => history.of(topic, model));
  const max = Math.max(...means.flat().map((mean) => mean ?? 0));
  const lineOf = (length: number, withLeads: boolean): Line => [
    word("mse lately: ", "faint"),
    ...models.flatMap((model, at): Line => {
      const bars = sparkline(means[at], length, max);
      const leads = withLeads ? ` leads ${count(model.leads)}` : "";
      return [`${at === 0 ? "" : ", "}${nameOf(model.model)} ${bars}${leads}`];
    }),
    withLeads ? word(` of ${count(seriesCount)}`, "faint") : "",
  ];
  for (const withLeads of [true, false]) {
    for (let length = STRETCHES; length >= BARS_MIN; length--) {
      const line = lineOf(length, withLeads);
      if (lineWidth(line) <= width) return line;
    }
  }
  return lineOf(BARS_MIN, false);
}

function restLine({ rows, seriesCount, more, models }: TopicSummary, shown: number): Line {
  const others = seriesCount - rows.length;
  const parts: string[] = [];
  if (others > 0) parts.push(`and ${more ? "more than " : ""}${count(others)} more series`);
  if (others > 0) parts.push(`leaders of all: ${models.map(leads).join(", ")}`);
  if (models.length > shown) parts.push(`${models.length - shown} more models`);
  return parts.length === 0 ? [] : [parts.join("; ")];
}

function leads({ model, leads: series }: ModelRow): string {
  return `${nameOf(model)} ${count(series)}`;
}

/** How far the challenger is ahead, -1 to 1; below 0 the champion is better, and surely so where the whole range is. */
function gapText({ gap, upper, lower }: ShownVerdict): string {
  if (gap === null) return "-";
  const isSure = (upper ?? 1) < 0 || (lower ?? -1) > 0;
  return `${gap.toFixed(3)}${isSure ? " sure" : ""}`;
}

function gapStyle(verdicts: readonly ShownVerdict[]): "good" | "bad" | undefined {
  if (verdicts.some(({ lower }) => (lower ?? -1) > 0)) return "bad";
  return verdicts.some(({ upper }) => (upper ?? 1) < 0) ? "good" : undefined;
}

/** The challenger that has the most evidence against the champion, and how much of what it takes to become champion. */
function evidenceText({ challenger, evidence: gathered, threshold }: ShownVerdict): string {
  if (challenger === null || gathered === null) return "-";
  return `${nameOf(challenger)} ${amount(gathered)}/${amount(threshold)}`;
}

/** A name that somebody else chose, as the board shows it. */
export function nameOf(text: string): string {
  return cutToWidth(printable(text), NAME_MAX);
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function score(value: number | null): string {
  return value === null ? "-" : number(value);
}

function percent(part: number | null): string {
  return part === null ? "-" : `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)} %`;
}

/** Evidence may be anything up to 1e100. */
function amount(value: number): string {
  return value < 1000 ? String(Number(value.toPrecision(2))) : "1000+";
}

/** Five digits that matter, in at most 11 characters. */
function number(value: number): string {
  return value.toPrecision(5);
}
