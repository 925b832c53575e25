/**
 * The ledger of a series: the questions that wait for their labels. A question is a record without y: it is forecast at once. Its
 * label is the record of the same series and i with its y: it scores what was forecast, and is learned with the question's x. What
 * a record is follows from the records before it and their times alone, never from a clock.
 *
 * A closed i was answered or given up; the last ones are remembered by the race itself, see {@link Closed}, since every record
 * without a question closes its own.
 */
import type { StateStore } from "../../service-definition.js";
import { moveAsked } from "../judge/configured.js";
import { askedLength } from "../judge/places.js";
import type { LabelBounds } from "./label-settings.js";

/** What becomes of records and of questions. A closed set: it becomes a metric label. */
export const OUTCOMES = [
  "plain",
  "question",
  "label",
  "duplicate",
  "correction",
  "expired",
  "expired-label",
  "repeated-question",
  "late-question",
  "no-question",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * What a record is to its series: a question, or one with y.
 *
 *   plain        nothing is known of its i: forecast, scored and learned at once
 *   label        its question is open
 *   duplicate    its i was answered with the same y
 *   correction   its i was answered with another y
 *   no-question  without x, and nothing is known of its i
 *   question / repeated-question (it is open) / late-question (its i is closed) / expired-label (its question was given up)
 */
export type LabelEvent = Exclude<Outcome, "expired">;

/** What the ledger counts: the observations of the race say how many records were plain. */
export const COUNTED = OUTCOMES.filter((outcome) => outcome !== "plain");
export type Counted = (typeof COUNTED)[number];

/** A value of the store `ledger`, key `<topic>/<series>`. A series without questions, duplicates and the like has none. */
export interface Ledger {
  /** i of each open question, in order of arrival, to the time of its series when it was asked: that never falls. */
  readonly open: Map<number, number>;
  readonly counts: Record<Counted, number>;
}

/** An open question: a value of the store `questions`, key {@link questionKey}. */
export interface Question {
  /** Time of the series when it was asked, ms since the epoch. */
  readonly asked: number;
  readonly x: Float64Array;
  /** By model of the race, in their order; NaN where a model refused, or joined later. */
  readonly forecasts: Float64Array;
  /** What the judge of the race has said with them; of no length in a question that was asked before there was one. */
  readonly judged: Float64Array;
}

/** Both stores of a ledger. */
export interface LedgerStores {
  readonly ledger: StateStore<Ledger>;
  readonly questions: StateStore<Question>;
}

/** The last closed i's of a series, at most LABEL_DONE_MAX: a race keeps them where it keeps the rest of itself. */
export interface Closed {
  /** Where `i` is among them, -1 where it is not. */
  find(i: number): number;
  /** The y that the i at a place was answered with; NaN where it was given up. */
  y(place: number): number;
  /** Puts in an i whose question was given up, in place of the oldest one where they are full. */
  expire(i: number): void;
}

/** What the ledger asks of a record. */
export interface LabelRecord {
  readonly i: number;
  readonly y: number | null;
  readonly hasX: boolean;
}

/** What a race knows of its ledger by itself, so that a plain record does not read it. */
export interface LedgerHead {
  /** Largest timestamp of the series' records, that of the record at hand included. */
  readonly time: number;
  /** Questions that are open. */
  readonly open: number;
}

/** What {@link takeRecord} found. */
export interface Taken {
  readonly event: LabelEvent;
  /** Questions that are open now. One that is to be asked is not among them before {@link ask}. */
  readonly open: number;
  /** Questions that this record's time, or this question for want of room, has given up. */
  readonly expired: number;
  /** Of a label: its question, which has left the ledger. The race closes its i. */
  readonly question: Question | undefined;
  /** Where the record's i is among the closed ones; -1 where it is not. */
  readonly place: number;
}

/** @throws {Error} the store has no such question: it is not of one commit with the ledger */
function questionOf({ questions }: LedgerStores, key: string, i: number): Question {
  const at = questionKey(key, i);
  const question = questions.get(at);
  if (question === undefined) throw new Error(`expected an open question in ${at}, got none`);
  return question;
}

/** Key of a question in its store. @param key state key of the series */
export function questionKey(key: string, i: number): string {
  return `${key}/${i}`;
}

/**
 * Takes a record into the ledger of its series: gives up the questions that have waited longer than `labelWaitMs`, says what the
 * record is and counts it. A question is to be forecast and then given to {@link ask}; plain records and labels are to be closed.
 * @param key    state key of the series
 * @param closed changed where questions are given up
 */
export function takeRecord(
  stores: LedgerStores,
  key: string,
  record: LabelRecord,
  head: LedgerHead,
  closed: Closed,
  bounds: LabelBounds,
): Taken {
  const known = head.open === 0 ? undefined : stores.ledger.get(key);
  let expired = known === undefined ? 0 : expireOlder(stores, key, known, closed, head.time - bounds.labelWaitMs);
  const place = closed.find(record.i);
  const event = eventOf(record, known, closed, place);
  if (event === "plain" && expired === 0) return { event, open: head.open, expired, question: undefined, place };

  const ledger = known ?? stores.ledger.get(key) ?? newLedger();
  const { open, counts } = ledger;
  for (; event === "question" && open.size >= bounds.labelQuestionsMax && open.size > 0; expired++)
    expireFirst(stores, key, ledger, closed);
  const question = event === "label" ? takeOut(stores, key, ledger, record.i) : undefined;
  if (event !== "plain") counts[event]++;
  stores.ledger.put(key, ledger);
  return { event, open: open.size, expired, question, place };
}

/** Opens a question that {@link takeRecord} took as one. @returns how many are open now */
export function ask(stores: LedgerStores, key: string, i: number, question: Question): number {
  const ledger = stores.ledger.get(key) ?? newLedger();
  ledger.open.set(i, question.asked);
  stores.ledger.put(key, ledger);
  stores.questions.put(questionKey(key, i), question);
  return ledger.open.size;
}

/**
 * Gives the open questions the forecasts of the models that race now, and what was judged of them: those of models that are new are
 * NaN.
 * @param places the place that each model of today had before, -1 for a new one
 */
export function mapForecasts(stores: LedgerStores, key: string, places: readonly number[]): void {
  for (const i of stores.ledger.get(key)?.open.keys() ?? []) {
    const { asked, x, forecasts, judged } = questionOf(stores, key, i);
    const moved = new Float64Array(judged.length === 0 ? 0 : askedLength(places.length));
    if (judged.length > 0) moveAsked(judged, 0, forecasts.length, moved, 0, places);
    stores.questions.put(questionKey(key, i), { asked, x, forecasts: mapped(forecasts, places), judged: moved });
  }
}

/** Numbers by model as they stand for the models of today, see {@link mapForecasts}. */
export function mapped(forecasts: Float64Array, places: readonly number[]): Float64Array {
  return Float64Array.from(places, (place) => (place === -1 ? Number.NaN : forecasts[place]));
}

/** A ledger without questions. */
export function newLedger(): Ledger {
  return { open: new Map(), counts: Object.fromEntries(COUNTED.map((outcome) => [outcome, 0])) as Ledger["counts"] };
}

function eventOf({ i, y, hasX }: LabelRecord, ledger: Ledger | undefined, closed: Closed, place: number): LabelEvent {
  const isOpen = ledger?.open.has(i) === true;
  if (y === null) return isOpen ? "repeated-question" : place === -1 ? "question" : "late-question";
  if (isOpen) return "label";
  if (place === -1) return hasX ? "plain" : "no-question";
  const answer = closed.y(place);
  if (Number.isNaN(answer)) return "expired-label";
  return answer === y ? "duplicate" : "correction";
}

/** Gives up the questions that were asked before `time`. @returns how many */
function expireOlder(stores: LedgerStores, key: string, ledger: Ledger, closed: Closed, time: number): number {
  let expired = 0;
  for (const asked of ledger.open.values()) {
    if (asked >= time) break;
    expireFirst(stores, key, ledger, closed);
    expired++;
  }
  return expired;
}

function expireFirst(stores: LedgerStores, key: string, { open, counts }: Ledger, closed: Closed): void {
  const [i] = open.keys();
  open.delete(i);
  stores.questions.delete(questionKey(key, i));
  counts.expired++;
  closed.expire(i);
}

function takeOut(stores: LedgerStores, key: string, { open }: Ledger, i: number): Question {
  const question = questionOf(stores, key, i);
  open.delete(i);
  stores.questions.delete(questionKey(key, i));
  return question;
}
