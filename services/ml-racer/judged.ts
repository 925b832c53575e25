/** What the judge says of a race of ml-racer: of an observation when it is asked, as its best forecast, and of a champion that is gone. */
import type { Best, Verdict } from "../../shared/contract/verdict-schemas.js";
import { ask } from "../../shared/race/judge/judge.js";
import type { JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { askedLength, CHAMPION, forgetAsked } from "../../shared/race/judge/places.js";
import { bestOf, goneVerdict } from "../../shared/race/judge/records.js";
import type { ObservationHead } from "../../shared/race/race.js";
import type { Race } from "./race.js";

/**
 * What the judge says of an observation whose models have forecast.
 * @param yhat   by model; NaN where one has none
 * @param judged where it goes, a new array by default
 */
export function askJudge(
  { judge, models }: Race,
  yhat: Float64Array,
  judged = new Float64Array(askedLength(models.length)),
): Float64Array {
  ask(judge, 0, models.length, yhat, 0, judged, 0);
  return judged;
}

/** What stands for what the judge said of a question that was asked before there was one. */
export function unjudged({ models }: Race): Float64Array {
  const judged = new Float64Array(askedLength(models.length));
  forgetAsked(judged, 0, models.length);
  return judged;
}

/** @param asked of a label: when its question was asked */
export function bestForecast(
  { models }: Race,
  of: ObservationHead,
  yhat: Float64Array,
  judged: Float64Array,
  asked?: number,
): Best {
  const names = models.map(({ name }) => name);
  return bestOf(of, names, yhat, 0, judged, 0, asked);
}

/** The verdict on a champion that is configured no longer. @param before the race with the models before */
export function championGone(race: Race, before: Race, of: ObservationHead, parameters: JudgeParameters): Verdict {
  const { name } = before.models[before.judge[CHAMPION]];
  return goneVerdict(of, race.count, race.judge, 0, name, race.models, parameters);
}
