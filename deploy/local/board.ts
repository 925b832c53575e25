/** The race as text: a board for a terminal, a line per model elsewhere, a table at the end. Pure. */
import Table from "cli-table3";
import { printable } from "../printable.js";
import { PLAIN_TABLE } from "../text-table.js";
import { cutToWidth, widthOf } from "../text-width.js";
import { type FileProgress, progressBar, progressText } from "./file-progress.js";
import type { ModelRow, ShownVerdict, TopicSummary } from "./race-view.js";

/** A service as the board shows it. */
export interface ServiceRow {
  readonly name: string;
  /** For example `running`, `waiting for Kafka`. */
  readonly state: string;
  /** Records that it consumes a second, or writes where it consumes none; undefined while unknown. */
  readonly recordsPerSecond: number | undefined;
  /** Records of its input topics that it has not read; undefined where it has no input or does not tell. */
  readonly lagRecords: number | undefined;
  /** Where its metrics and state are served, without a path. */
  readonly url: string;
}

export interface BoardModel {
  readonly elapsedMs: number;
  readonly brokers: string;
  /** As a person would type it. */
  readonly logDirectory: string;
  readonly races: readonly TopicSummary[];
  readonly services: readonly ServiceRow[];
  /** The last events, newest last. */
  readonly notices: readonly string[];
  /** Of the file that is raced; undefined where there is none, or nothing is known yet. */
  readonly progress?: FileProgress | undefined;
  /** Whether the run is ending. */
  readonly stopping: boolean;
}

const NAME_MAX = 16;
const NOTICES_SHOWN = 2;
/** Lines besides those of races and services: title, two blanks, the services' head, notices, two lines at the foot. */
const FRAME_LINES = 6 + NOTICES_SHOWN;
/** A topic's lines besides those of its series: its head, the count of the rest, a blank. */
const TOPIC_LINES = 3;

/** Least width of a column of scores with its gap. */
const SCORE_COLUMN_MIN = 9;

/**
 * How many series of each topic fit a terminal of so many lines, at least 1.
 * @param topics   topics that race
 * @param services services shown
 */
export function rowsThatFit(lines: number, topics: number, services: number): number {
  const left = lines - 1 - FRAME_LINES - services;
  return Math.max(1, Math.floor(left / Math.max(1, topics)) - TOPIC_LINES);
}

/** The board, at most `columns` wide; with {@link rowsThatFit} series a topic it is lower than the terminal. */
export function renderBoard(model: BoardModel, columns: number): string {
  const { races, services, notices, progress, stopping, logDirectory } = model;
  const racing = races.length === 0 ? ["waiting for the first predictions ...", ""] : renderRaces(races, columns);
  const foot = stopping
    ? ["Stopping: every service commits what it has done."]
    : [
        `State of each: <its address>/state, for example ${services.at(-1)?.url ?? ""}/state`,
        `Ctrl-C stops; the next start goes on from there. Logs: ${logDirectory}`,
      ];
  const lines = [
    `Regatta  ${clock(model.elapsedMs)}  Kafka ${model.brokers}`,
    progress === undefined ? "" : progressBar(progress),
    ...racing,
    ...renderServices(services),
    "",
    ...notices.slice(-NOTICES_SHOWN),
    ...foot,
  ];
  return lines.map((line) => cutToWidth(printable(line), columns)).join("\n");
}

/** The end of a run: what the board showed last, with every series that `races` has. */
export function renderFinal(races: readonly TopicSummary[], columns: number): string {
  if (races.length === 0) return "No prediction was made.\n";
  return `${renderRaces(races, columns).join("\n").trimEnd()}\n`;
}

/**
 * One line for a file's progress and one for each model of each topic, for a log.
 * @param before the same some time ago, which throughput is counted from; undefined at first
 */
export function renderLines(model: BoardModel, before: BoardModel | undefined): string[] {
  const lag = model.services.reduce((sum, { lagRecords }) => sum + (lagRecords ?? 0), 0);
  const { progress } = model;
  const head = progress === undefined ? [] : [`${clock(model.elapsedMs)} ${printable(progressText(progress))}`];
  const lines = model.races.flatMap((race) => {
    const rate = before === undefined ? "-" : count(recordsPerSecond(race, model, before));
    return race.models.map(({ model: name, leads, champion, mseMean }) =>
      [
        `${clock(model.elapsedMs)} ${printable(race.topic)} ${printable(name)}:`,
        `mse ${score(mseMean)}${race.seriesCount > 1 ? " (mean)" : ""},`,
        `leads ${count(leads)} of ${count(race.seriesCount)}${race.more ? "+" : ""} series, champion of ${count(champion)},`,
        `${count(race.records)} records, ${rate}/s; lag of all services ${count(lag)}`,
      ].join(" "),
    );
  });
  return [...head, ...lines];
}

function recordsPerSecond({ topic, records }: TopicSummary, now: BoardModel, before: BoardModel): number {
  const then = before.races.find((race) => race.topic === topic)?.records ?? 0;
  return (1000 * (records - then)) / (now.elapsedMs - before.elapsedMs);
}

function renderRaces(races: readonly TopicSummary[], columns: number): string[] {
  return races.flatMap((race) => {
    let shown = Math.min(race.models.length, Math.max(1, Math.floor(columns / SCORE_COLUMN_MIN)));
    const judged = race.rows.some(({ verdicts }) => verdicts.length > 0);
    let lines = renderRace(race, shown, { newest: true, judged });
    // The newest y and its forecast give way to the verdict, and that to the score of a model.
    if (widest(lines) > columns) lines = renderRace(race, shown, { newest: false, judged });
    if (widest(lines) > columns) lines = renderRace(race, shown, NO_DETAILS);
    while (shown > 1 && widest(lines) > columns) lines = renderRace(race, --shown, NO_DETAILS);
    const others = rest(race, shown);
    return [...lines, ...(others === "" ? [] : [others]), ""];
  });
}

/** Which columns stand beside the scores: the verdict, and the newest y with its forecast. */
interface Details {
  readonly judged: boolean;
  readonly newest: boolean;
}

const NO_DETAILS: Details = { judged: false, newest: false };

/** Columns for the first `shown` models; a board too narrow for all names the leader all the same. */
function renderRace({ topic, rows, models }: TopicSummary, shown: number, { judged, newest }: Details): string[] {
  const names = models.slice(0, shown).map(({ model }) => model);
  const right = names.map(() => "right" as const);
  const scoreHeads = names.map((name) => `${nameOf(name)} mse`);
  const table = new Table({
    ...PLAIN_TABLE,
    head: [
      printable(topic),
      "records",
      "leader",
      ...scoreHeads,
      ...(judged ? ["champion", "evidence"] : []),
      ...(newest ? ["y", "yhat"] : []),
    ],
    colAligns: ["left", "right", "left", ...right, ...(judged ? (["left", "left"] as const) : []), "right", "right"],
  });
  for (const { series, records, leader, verdicts, mse, y, yhat } of rows) {
    const scores = names.map((name) => score(mse.get(name) ?? null));
    table.push([
      nameOf(series),
      count(records),
      nameOf(leader ?? "-"),
      ...scores,
      ...(judged ? [verdicts.map(({ champion }) => nameOf(champion)), verdicts.map(evidence)] : []).map(
        (parts) => parts.join(", ") || "-",
      ),
      ...(newest ? [number(y), yhat === null ? "-" : number(yhat)] : []),
    ]);
  }
  return table.toString().split("\n");
}

function rest({ rows, seriesCount, more, models }: TopicSummary, shown: number): string {
  const others = seriesCount - rows.length;
  const parts: string[] = [];
  if (others > 0) parts.push(`and ${more ? "more than " : ""}${count(others)} more series`);
  if (others > 0) parts.push(`leaders of all: ${models.map(leads).join(", ")}`);
  if (models.length > shown) parts.push(`${models.length - shown} more models`);
  return parts.join("; ");
}

function leads({ model, leads: series }: ModelRow): string {
  return `${nameOf(model)} ${count(series)}`;
}

function renderServices(services: readonly ServiceRow[]): string[] {
  const table = new Table({
    ...PLAIN_TABLE,
    head: ["service", "state", "records/s", "lag", "metrics"],
    colAligns: ["left", "left", "right", "right", "left"],
  });
  for (const { name, state, recordsPerSecond, lagRecords, url } of services) {
    table.push([
      name,
      cutToWidth(state, 16),
      recordsPerSecond === undefined ? "-" : count(recordsPerSecond),
      lagRecords === undefined ? "-" : count(lagRecords),
      `${url}/metrics`,
    ]);
  }
  return table.toString().split("\n");
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map(widthOf));
}

/** A name that somebody else chose, as the table shows it. */
function nameOf(text: string): string {
  return cutToWidth(printable(text), NAME_MAX);
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function score(mse: number | null): string {
  return mse === null ? "-" : number(mse);
}

/** The challenger that has the most evidence against the champion, and how much of what it takes to become champion. */
function evidence({ challenger, evidence: gathered, threshold }: ShownVerdict): string {
  if (challenger === null || gathered === null) return "-";
  return `${nameOf(challenger)} ${amount(gathered)}/${amount(threshold)}`;
}

/** Evidence may be anything up to 1e100. */
function amount(value: number): string {
  return value < 1000 ? String(Number(value.toPrecision(2))) : "1000+";
}

/** Five digits that matter, in at most 11 characters. */
function number(value: number): string {
  return value.toPrecision(5);
}
