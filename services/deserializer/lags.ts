/**
 * Makes features from the last values of a series and from the time of its record, so that a stream of one number can race. The
 * features of an observation are, in this order: the record's own; the last values of y, the newest first; the last values of each
 * feature of LAGS_OF, the newest first; the calendar's. Lags are what was known when the record came, in the order of the log, and
 * never the record's own numbers: the y of a late label is in the lags of later records only.
 */
import { RecordError } from "../../shared/errors.js";
import { StateReader, StateWriter } from "../../shared/state/state-bytes.js";
import { calendarFeatures } from "./calendar.js";
import {
  addNewest,
  historyBytes,
  isFull,
  type LagHistory,
  newHistory,
  placeOf,
  readHistory,
  withLength,
  writeHistory,
} from "./lag-history.js";
import type { TopicLags } from "./lag-settings.js";

/** What is remembered of a series for its lags. */
export interface LagState {
  /** Whether an observation with features was forwarded: those without may follow only then. */
  hasRaced: boolean;
  readonly targets: LagHistory;
  /** In the order of LAGS_OF. */
  readonly features: readonly LaggedFeature[];
}

interface LaggedFeature {
  /** Its number, from 1. */
  readonly feature: number;
  readonly history: LagHistory;
}

/** A record as it was parsed; y is null in a question, x undefined where the record has no features of its own, NaN where one is missing. */
export interface LagRecord {
  readonly i: number;
  readonly y: number | null;
  readonly x: readonly number[] | undefined;
}

/** What becomes of a record. */
export interface Lagged {
  /** False while the series has too few values for it: the record is kept for later lags, and not forwarded. */
  readonly isForwarded: boolean;
  /** The features of the observation; undefined in one that goes without. */
  readonly x: number[] | undefined;
  /** The state before the record, as the settings of today want it. */
  readonly state: LagState;
}

/**
 * The features of a record. Nothing is changed; {@link learnLags} is to follow.
 *
 * A record whose y is known already, since its i is among the lags, comes a second time or corrects: it goes without features, since
 * its own y would be among them. So does one without features of its own where the series has some: it is a label.
 * @param before      what is remembered of the series; undefined at its first record
 * @param ownFeatures features that the records of the series have of their own, 0 and more
 * @param timestamp   of the record, in ms since the epoch
 * @throws {RecordError} `arity` where LAGS_OF names a feature that the series has not; `no-time`
 */
export function lagged(
  before: LagState | undefined,
  record: LagRecord,
  ownFeatures: number,
  timestamp: number,
  settings: TopicLags,
): Lagged {
  requireFeatures(settings, ownFeatures);
  const state = fittingState(before, settings);
  const { targets, features } = state;
  const hasFeatures = ownFeatures === 0 || (record.x !== undefined && !record.x.some(Number.isNaN));
  const isKnown = record.y !== null && placeOf(targets, record.i) >= 0;
  const isWarm = isFull(targets) && features.every(({ history }) => isFull(history));
  const calendar = calendarFeatures(timestamp, settings.calendar);
  if (!isWarm || !hasFeatures || isKnown) {
    return { isForwarded: state.hasRaced && record.y !== null, x: undefined, state };
  }
  const x = [...(record.x ?? []), ...targets.values];
  for (const { history } of features) x.push(...history.values);
  x.push(...calendar);
  return { isForwarded: true, x, state };
}

/** Puts what a record says into the state that {@link lagged} gave for it. */
export function learnLags({ state, x: forwarded }: Lagged, { i, y, x }: LagRecord): LagState {
  if (forwarded !== undefined) state.hasRaced = true;
  if (y !== null) {
    const place = placeOf(state.targets, i);
    if (place < 0) addNewest(state.targets, i, y);
    else state.targets.values[place] = y;
  }
  if (x === undefined) return state;
  // Of a label that has features, those of its question stay: they are what was forecast.
  for (const { feature, history } of state.features) {
    const value = x[feature - 1];
    if (!Number.isNaN(value) && placeOf(history, i) < 0) addNewest(history, i, value);
  }
  return state;
}

/**
 * Bytes: 1 in two bytes where the series has raced, else 0; features with lags (u16); the history of y; for each feature its number
 * (u32) and its history.
 */
export function encodeLags({ hasRaced, targets, features }: LagState): Buffer {
  const length = features.reduce((sum, { history }) => sum + 4 + historyBytes(history), 4 + historyBytes(targets));
  const bytes = Buffer.allocUnsafe(length);
  const writer = new StateWriter(bytes);
  writer.u16(hasRaced ? 1 : 0);
  writer.u16(features.length);
  writeHistory(writer, targets);
  for (const { feature, history } of features) {
    writer.u32(feature);
    writeHistory(writer, history);
  }
  writer.end();
  return bytes;
}

/** @throws {RangeError} the bytes are no such state */
export function decodeLags(bytes: Buffer): LagState {
  const reader = new StateReader(bytes);
  const hasRaced = reader.u16();
  if (hasRaced > 1) throw new RangeError(`expected 0 or 1 for whether a series has raced, got ${hasRaced}`);
  const count = reader.u16();
  const targets = readHistory(reader);
  const features = Array.from({ length: count }, () => ({ feature: reader.u32(), history: readHistory(reader) }));
  reader.end();
  return { hasRaced: hasRaced === 1, targets, features };
}

/** A state as people are shown it: the lags by what they are of, the newest first. */
export function shownLags({ hasRaced, targets, features }: LagState) {
  const shown = ({ held, values }: LagHistory) => Array.from(values.subarray(0, held));
  return {
    hasRaced,
    y: shown(targets),
    features: Object.fromEntries(features.map(({ feature, history }) => [feature, shown(history)])),
  };
}

/** The state for the lags that the settings ask for. Of a feature that had none before there is no value yet. */
function fittingState(before: LagState | undefined, { lags, lagsOf }: TopicLags): LagState {
  if (before !== undefined && fits(before, lags, lagsOf)) return before;
  return {
    hasRaced: before?.hasRaced ?? false,
    targets: withLength(before?.targets ?? newHistory(0), lags),
    features: lagsOf.map(({ feature, count }) => {
      const known = before?.features.find((of) => of.feature === feature)?.history;
      return { feature, history: withLength(known ?? newHistory(0), count) };
    }),
  };
}

function fits({ targets, features }: LagState, lags: number, lagsOf: TopicLags["lagsOf"]): boolean {
  return (
    targets.i.length === lags &&
    features.length === lagsOf.length &&
    features.every(({ feature, history }, k) => feature === lagsOf[k].feature && history.i.length === lagsOf[k].count)
  );
}

function requireFeatures({ lagsOf }: TopicLags, ownFeatures: number): void {
  for (const { feature } of lagsOf) {
    if (feature <= ownFeatures) continue;
    throw new RecordError("arity", `expected ${feature} features or more, as LAGS_OF says, got ${ownFeatures}`);
  }
}
