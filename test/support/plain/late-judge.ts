/** What the judge has to publish of a series with late labels: plain-object judge over the race without a ledger. */
import type { Best, Verdict } from "../../../shared/contract/verdict-schemas.js";
import { type PlainAsked, PlainJudge, type PlainParameters, type PlainTold } from "./judge.js";
import type { LateRecord, lateRace } from "./late-race.js";

/** Of one record; undefined where nothing is published. */
export interface LateJudgement {
  readonly best: Best | undefined;
  readonly verdict: Verdict | undefined;
}

/**
 * @param race  what {@link lateRace} made of `log`; every model has a finite forecast
 * @param every scored observations from one verdict to the next where nothing is decided
 */
export function lateJudge(
  of: { readonly topic: string; readonly series: string },
  log: readonly LateRecord[],
  race: ReturnType<typeof lateRace>,
  names: readonly string[],
  every: number,
  parameters?: PlainParameters,
): readonly LateJudgement[] {
  const judge = new PlainJudge(names, parameters);
  const asked = new Map<number, PlainAsked>();
  const told = new Map<number, PlainTold>();
  let n = 0;
  return race.map(({ event, of: question, asked: time, predictions }, k): LateJudgement => {
    const { i, y } = log[k];
    const head = { ...of, i };
    if (event === "question" || event === "plain") asked.set(k, judge.ask(predictions.map(({ yhat }) => yhat)));
    const before = asked.get(question);
    if (before === undefined) return NOTHING;
    if (event === "question") return { best: judge.best({ ...head, y: null }, before), verdict: undefined };
    const scored = told.get(question);
    if (event === "correction" && y !== null && scored !== undefined) judge.correct(scored, y, before);
    if ((event !== "label" && event !== "plain") || y === null) return NOTHING;
    const decided = judge.tell(before, i, y);
    told.set(question, decided);
    const isDue = ++n % every === 0 || decided.decision !== "keep";
    return {
      best: judge.best({ ...head, y }, before, event === "label" ? time : undefined),
      verdict: isDue ? judge.verdict(head, n, decided) : undefined,
    };
  });
}

const NOTHING: LateJudgement = { best: undefined, verdict: undefined };
