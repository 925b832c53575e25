/** What the page keeps of one race, of one series by one racer: its newest observations, its verdicts, who leads. Pure. */
import type { Standings } from "../../shared/contract/schemas.js";
import type { Best, Verdict } from "../../shared/contract/verdict-schemas.js";
import type { Leader, RaceUpdate, Score, Source, Standing, VerdictPoint } from "./messages.js";
import { PointRing } from "./point-ring.js";

/** Models whose scores are kept; settings hardly name more. */
export const MODELS_MAX = 24;
/** Champions that a race is shown with; the forecasts of a further one are drawn as the last one's. */
const CHAMPIONS_MAX = 24;
/** Verdicts that are kept of a race at least. */
const VERDICTS_MIN = 6;

export class RacePast {
  readonly source: Source;
  readonly points: PointRing;
  readonly #champions: string[] = [];
  #verdicts: { readonly written: number; readonly point: VerdictPoint }[] = [];
  #standing: Standing | null = null;
  #leader: Leader | null = null;

  constructor(source: Source, pointsMax: number) {
    this.source = source;
    this.points = new PointRing(pointsMax);
  }

  get standing(): Standing | null {
    return this.#standing;
  }

  /** The champion's skill at the newest verdict. */
  get skill(): number | null {
    const newest = this.#verdicts.at(-1)?.point;
    return newest?.scores.find(({ model }) => model === newest.champion)?.skill ?? null;
  }

  takeBest({ i, y, champion, asked }: Best, written: number): void {
    this.points.take(
      {
        i,
        y: y ?? Number.NaN,
        yhat: champion?.yhat ?? Number.NaN,
        lower: champion?.lower ?? Number.NaN,
        upper: champion?.upper ?? Number.NaN,
        model: champion === null ? Number.NaN : this.#numberOf(champion.model),
        isLabel: asked !== undefined,
      },
      written,
    );
  }

  /**
   * Takes a verdict in. Those after its i are void: the race was begun anew, or its records are read once more.
   * @param scoresMax scores that are kept of the race, of all models and verdicts together
   */
  takeVerdict(verdict: Verdict, at: number | null, scoresMax: number, written: number): void {
    const { i, n, decision, reason, champion, from, evidence } = verdict;
    const scores = verdict.models.slice(0, MODELS_MAX).map(scoreOf);
    while ((this.#verdicts.at(-1)?.point.i ?? Number.NEGATIVE_INFINITY) >= i) this.#verdicts.pop();
    this.#verdicts.push({ written, point: { i, n, at, decision, reason, champion, from, evidence, scores } });
    const max = Math.max(VERDICTS_MIN, Math.floor(scoresMax / Math.max(1, scores.length)));
    if (this.#verdicts.length > max) this.#verdicts = this.#verdicts.slice(-max);
    const { since, challenger, threshold, gap, lower, upper, alpha } = verdict;
    this.#standing = { i, n, at, champion, since, challenger, evidence, threshold, gap, lower, upper, alpha };
  }

  takeStandings({ leader, since }: Standings): void {
    this.#leader = { model: leader, since };
  }

  /** What was written after `written`. */
  update(written: number): RaceUpdate {
    return {
      source: this.source,
      standing: this.#standing,
      leader: this.#leader,
      champions: this.#champions,
      points: this.points.columns(written),
      begun: this.points.begun,
      range: this.points.range,
      verdicts: this.#verdicts.flatMap((verdict) => (verdict.written > written ? [verdict.point] : [])),
      older: this.points.older,
    };
  }

  #numberOf(model: string): number {
    const place = this.#champions.indexOf(model);
    if (place !== -1) return place;
    if (this.#champions.length < CHAMPIONS_MAX) this.#champions.push(model);
    return this.#champions.length - 1;
  }
}

function scoreOf({ model, n, mse, fading, mae, r2, skill, coverage }: Verdict["models"][number]): Score {
  return { model, n, mse, fading, mae, r2, skill, coverage };
}
