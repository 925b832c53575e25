/** The race as text: a board for a terminal, a line per model elsewhere, a table at the end. Pure. */
import { printable } from "../printable.js";
import { cutToWidth } from "../text-width.js";
import { type Line, lineText, type Word, word } from "./board-line.js";
import { count, nameOf, raceLines, score } from "./board-races.js";
import { type Column, fittingColumns, tableLines } from "./board-table.js";
import { type FileProgress, progressBar, progressText } from "./file-progress.js";
import type { MseHistory } from "./mse-history.js";
import type { RaceNews } from "./race-news.js";
import type { TopicSummary } from "./race-summary.js";

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
  /** How good the models were lately. */
  readonly history: MseHistory;
  readonly news: RaceNews;
  readonly services: readonly ServiceRow[];
  /** The last events, newest last. */
  readonly notices: readonly string[];
  /** Of the file that is raced; undefined where there is none, or nothing is known yet. */
  readonly progress?: FileProgress | undefined;
  /** Whether the run is ending. */
  readonly stopping: boolean;
  /** Which page of the series is shown, from 1 on, and how many there are. */
  readonly page: { readonly number: number; readonly of: number };
}

/** What a log shows of it: neither pages nor bars. */
export type LogModel = Omit<BoardModel, "history" | "page">;

const NOTICES_SHOWN = 2;
/** Lines besides those of races and services: title, blank or file, services' head, blank, champion, dead letters, foot. */
const FRAME_LINES = 7;
/** A terminal so high shows one notice less. */
const LOW_LINES = 28;
/** A topic's lines besides those of its series: its head, its models, a blank. */
const TOPIC_LINES = 3;
const STATE_MAX = 16;
/** Ranks of columns, see {@link Column.rank}. */
const RANK = { url: 0, rate: 1, lag: 2, always: 3 };

/**
 * How many series of each topic fit a terminal of so many lines, at least 1.
 * @param topics   topics that race
 * @param services services shown
 */
export function rowsThatFit(lines: number, topics: number, services: number): number {
  const left = lines - 1 - FRAME_LINES - noticesThatFit(lines) - services;
  return Math.max(1, Math.floor(left / Math.max(1, topics)) - TOPIC_LINES);
}

const noticesThatFit = (lines: number): number => (lines < LOW_LINES ? NOTICES_SHOWN - 1 : NOTICES_SHOWN);

/** A terminal as it is now. */
export interface TerminalFrame {
  readonly columns: number;
  readonly lines: number;
  readonly colours: boolean;
}

/** The board, no wider than the terminal; with {@link rowsThatFit} series a topic it is lower than that. */
export function renderBoard(model: BoardModel, { columns, lines, colours }: TerminalFrame): string {
  const { races, services, notices, progress, history } = model;
  const racing: Line[] =
    races.length === 0 ? [["waiting for the first predictions ..."], [""]] : raceLines(races, columns, history);
  const board: Line[] = [
    [word("Regatta", "strong"), `  ${clock(model.elapsedMs)}  Kafka ${model.brokers}`],
    [progress === undefined ? "" : progressBar(progress)],
    ...racing,
    ...serviceLines(services, columns),
    [""],
    changeLine(model.news),
    lettersLine(model.news),
    ...notices.slice(-noticesThatFit(lines)).map((notice): Line => [notice]),
    footLine(model),
  ];
  return board.map((line) => lineText(line, columns, colours)).join("\n");
}

/** The end of a run: what the board showed last, with every series that `races` has. */
export function renderFinal(races: readonly TopicSummary[], columns: number): string {
  if (races.length === 0) return "No prediction was made.\n";
  const lines = raceLines(races, columns, undefined).map((line) => lineText(line, columns, false).trimEnd());
  return `${lines.join("\n").trimEnd()}\n`;
}

/**
 * One line for a file's progress, one for each model of each topic and one for each thing that is new, for a log.
 * @param before the same some time ago, which throughput is counted from; undefined at first
 */
export function renderLines(model: LogModel, before: LogModel | undefined): string[] {
  const time = clock(model.elapsedMs);
  const lag = model.services.reduce((sum, { lagRecords }) => sum + (lagRecords ?? 0), 0);
  const { progress } = model;
  const head = progress === undefined ? [] : [`${time} ${printable(progressText(progress))}`];
  const lines = model.races.flatMap((race) => {
    const rate = before === undefined ? "-" : count(recordsPerSecond(race, model, before));
    return race.models.map(({ model: name, leads, champion, mseMean }) =>
      [
        `${time} ${printable(race.topic)} ${printable(name)}:`,
        `mse ${score(mseMean)}${race.seriesCount > 1 ? " (mean)" : ""},`,
        `leads ${count(leads)} of ${count(race.seriesCount)}${race.more ? "+" : ""} series, champion of ${count(champion)},`,
        `${count(race.records)} records, ${rate}/s; lag of all services ${count(lag)}`,
      ].join(" "),
    );
  });
  const { change, letters } = model.news;
  const news = [
    ...(change === before?.news.change ? [] : [changeLine(model.news)]),
    ...(letters === (before?.news.letters ?? 0) ? [] : [lettersLine(model.news)]),
  ];
  return [...head, ...lines, ...news.map((line) => `${time} ${lineText(line, Number.POSITIVE_INFINITY, false)}`)];
}

function recordsPerSecond({ topic, records }: TopicSummary, now: LogModel, before: LogModel): number {
  const then = before.races.find((race) => race.topic === topic)?.records ?? 0;
  return (1000 * (records - then)) / (now.elapsedMs - before.elapsedMs);
}

function serviceLines(services: readonly ServiceRow[], width: number): Line[] {
  const column = (head: string, align: "left" | "right", rank: number, cellOf: (row: ServiceRow) => Word): Column => ({
    head,
    align,
    rank,
    cells: services.map(cellOf),
  });
  const columns = [
    column("service", "left", RANK.always, ({ name }) => name),
    column("state", "left", RANK.always, ({ state }) =>
      word(cutToWidth(printable(state), STATE_MAX), state === "running" ? "good" : "bad"),
    ),
    column("records/s", "right", RANK.rate, ({ recordsPerSecond: rate }) => (rate === undefined ? "-" : count(rate))),
    column("lag", "right", RANK.lag, ({ lagRecords }) => (lagRecords === undefined ? "-" : count(lagRecords))),
    column("metrics", "left", RANK.url, ({ url }) => `${url}/metrics`),
  ];
  return tableLines(fittingColumns(columns, width));
}

function changeLine({ change }: RaceNews): Line {
  if (change === undefined) return [word("champions: ", "faint"), "no change yet"];
  const { topic, series, champion, from, i } = change;
  const after = from === null ? "" : ` after ${nameOf(from)}`;
  return [
    word("champions: ", "faint"),
    word(nameOf(champion), "strong"),
    ` of ${printable(topic)}/${nameOf(series)}${after}, at i ${count(i)}`,
  ];
}

function lettersLine({ letters, olderLetters, letter }: RaceNews): Line {
  const head = word("dead letters: ", "faint");
  if (letter === undefined) return [head, "none"];
  const { reason, origin, service } = letter;
  return [
    head,
    word(`${count(letters)}${olderLetters ? " and older ones" : ""}`, "bad"),
    `, newest: ${reason} of ${origin} (${service})`,
  ];
}

function footLine({ stopping, page, logDirectory }: BoardModel): Line {
  if (stopping) return ["Stopping: every service commits what it has done."];
  const text =
    page.of > 1
      ? `Page ${page.number} of ${page.of}: n next, p back. Ctrl-C stops. Logs: ${logDirectory}`
      : `Ctrl-C stops; the next start goes on from there. Logs: ${logDirectory}`;
  return [word(text, "faint")];
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
