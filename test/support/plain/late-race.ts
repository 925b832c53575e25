/**
 * What a race with late labels has to say, without a ledger: what each record is follows from all records before it, anew for
 * each; each forecast is of models that are trained from nothing on all labels before it. The oracle of shared/race/ledger and of
 * the racers with it. Slow on purpose: nothing is kept from one record to the next.
 */
import { createRegressor } from "../../../services/ml-racer/models/model-registry.js";
import { newTrainingSet } from "../../../services/ml-racer/models/regressor.js";
import type { RlsModel } from "../../../services/rls-racer/model-list.js";
import type { ModelSpecification } from "../../../shared/models/kind.js";
import type { LabelBounds } from "../../../shared/race/ledger/label-settings.js";
import type { LabelEvent } from "../../../shared/race/ledger/ledger.js";
import { learn, newRls, predict } from "./rls.js";

/** A record of the one series. */
export interface LateRecord {
  readonly timestamp: number;
  readonly i: number;
  readonly y: number | null;
  readonly x: readonly number[] | undefined;
}

/** What a record is. */
export interface LateEvent {
  readonly event: LabelEvent;
  /** Of a label, and of a correction: the place in the log of the record whose x was forecast. */
  readonly of: number;
  /** When its question was asked; undefined where there was none. */
  readonly asked: number | undefined;
}

/** The numbers of one model's prediction. */
export interface LatePrediction {
  readonly yhat: number;
  readonly error: number | null;
  readonly mse: number | null;
  readonly n: number;
}

interface Entry {
  readonly i: number;
  readonly of: number;
  readonly asked: number | undefined;
  /** Undefined while it is open, null where it was given up. */
  y?: number | null;
}

/** What the last record of `log` is, from the whole log before it. */
export function eventOf(log: readonly LateRecord[], bounds: LabelBounds): LateEvent {
  let open: Entry[] = [];
  let done: Entry[] = [];
  let time = Number.NEGATIVE_INFINITY;
  let last: LateEvent | undefined;
  const close = (entry: Entry, y: number | null) => {
    open = open.filter((other) => other !== entry);
    done = [...done, { ...entry, y }].slice(-bounds.labelDoneMax || done.length + 1);
  };
  for (const [at, { timestamp, i, y, x }] of log.entries()) {
    time = Math.max(time, timestamp);
    for (const entry of open) if ((entry.asked ?? 0) + bounds.labelWaitMs < time) close(entry, null);
    const isOpen = open.find((entry) => entry.i === i);
    const isDone = done.find((entry) => entry.i === i);
    const say = (event: LabelEvent, entry?: Entry) => {
      last = { event, of: entry?.of ?? at, asked: entry?.asked };
    };
    if (y === null) {
      if (isOpen !== undefined) say("repeated-question");
      else if (isDone !== undefined) say("late-question");
      else {
        if (open.length >= bounds.labelQuestionsMax) close(open[0], null);
        open = [...open, { i, of: at, asked: time }];
        say("question");
      }
    } else if (isOpen !== undefined) {
      close(isOpen, y);
      say("label", isOpen);
    } else if (isDone !== undefined) {
      if (isDone.y === null) say("expired-label");
      else if (isDone.y === y) say("duplicate");
      else {
        isDone.y = y;
        say("correction", isDone);
      }
    } else if (x === undefined) say("no-question");
    else {
      close({ i, of: at, asked: undefined }, y);
      say("plain");
    }
  }
  if (last === undefined) throw new Error("expected a record");
  return last;
}

/** Trains a model from nothing on rows, the oldest first. @returns its forecast of x */
export type Forecaster = (rows: readonly LateRow[], x: readonly number[]) => number;

/** What is learned: of a question and its label, x of the one and y of the other. */
export interface LateRow {
  readonly x: readonly number[];
  readonly y: number;
}

/** Recursive least squares. */
export function rlsForecaster({ nu }: RlsModel): Forecaster {
  return (rows, x) => {
    const rls = newRls(x.length, nu);
    for (const row of rows) learn(rls, row.x, row.y - predict(rls, row.x));
    return predict(rls, x);
  };
}

/** A model that is trained on the newest rows, and on zeros before there are as many. */
export function windowForecaster(model: ModelSpecification, trainLength: number): Forecaster {
  return (rows, x) => {
    const features = x.length;
    const training = newTrainingSet({ features, trainLength });
    for (const [k, row] of rows.slice(-trainLength).reverse().entries()) {
      training.x.set(row.x, k * features);
      training.y[k] = row.y;
    }
    return createRegressor(model, { features, trainLength }).predict(training, Float64Array.from(x));
  };
}

/** What every record of a log leads to: its event, and a prediction of each model where there are some. */
export function lateRace(log: readonly LateRecord[], bounds: LabelBounds, models: readonly Forecaster[]) {
  const events = log.map((_, k) => eventOf(log.slice(0, k + 1), bounds));
  const x = (at: number) => log[at].x ?? [];
  const y = (at: number) => log[at].y ?? Number.NaN;
  const learned = (before: number): LateRow[] =>
    events.flatMap(({ event, of }, k) =>
      k < before && (event === "label" || event === "plain") ? [{ x: x(of), y: y(k) }] : [],
    );
  const predictions = log.map((): LatePrediction[] | undefined => undefined);
  for (const model of models) {
    const yhat = log.map((_, at) =>
      events[at].of === at && x(at).length > 0 ? model(learned(at), x(at)) : Number.NaN,
    );
    let n = 0;
    let mse = 0;
    const scored = new Map<number, number>();
    for (const [k, { event, of }] of events.entries()) {
      let prediction: LatePrediction | undefined;
      if (event === "question") prediction = { yhat: yhat[k], error: null, mse: null, n };
      if (event === "label" || event === "plain") {
        const error = y(k) - yhat[of];
        n++;
        mse += (error * error - mse) / n;
        scored.set(of, error);
        prediction = { yhat: yhat[of], error, mse, n };
      }
      if (event === "correction") {
        const before = scored.get(of) ?? Number.NaN;
        const error = y(k) - yhat[of];
        mse = Math.max(mse + (error * error - before * before) / n, 0);
        scored.set(of, error);
        prediction = { yhat: yhat[of], error, mse, n };
      }
      if (prediction !== undefined) predictions[k] = [...(predictions[k] ?? []), prediction];
    }
  }
  return events.map((event, k) => ({ ...event, predictions: predictions[k] ?? [] }));
}
