/** What the judge of a race says of an observation, as records of the topics `rls-best` and `rls-verdicts`. */
import { bestLayout, firstBestLayout } from "../../shared/contract/layouts.js";
import { topics } from "../../shared/contract/topics.js";
import { numbers } from "../../shared/numbers/memory.js";
import type { Told } from "../../shared/race/judge/judge.js";
import type { JudgeOutputs, JudgeParameters } from "../../shared/race/judge/judge-settings.js";
import { bestOf, goneVerdict, isVerdictDue, layBest, verdictOf } from "../../shared/race/judge/records.js";
import type { RaceMetrics } from "../../shared/race/metrics.js";
import { publishVerdict } from "../../shared/race/publish.js";
import type { ObservationHead } from "../../shared/race/race.js";
import type { Given, Layout } from "../../shared/result-layout.js";
import type { PackedValue, TaskContext } from "../../shared/service-definition.js";
import type { RlsModel } from "./model-list.js";
import { COUNT, judgeAt, namesOf, parametersOf } from "./packed-race.js";
import type { RaceStep } from "./race.js";
import type { Judged } from "./race-judge.js";
import { contestantsOf } from "./race-order.js";

/** What the results of the judge need of the settings. */
export interface JudgeResultSettings extends JudgeOutputs, JudgeParameters {
  readonly models: readonly RlsModel[];
}

type Metrics = Pick<RaceMetrics, "switched">;
type Context = Pick<TaskContext<JudgeResultSettings, unknown, Metrics>, "settings" | "forward" | "write" | "metrics">;

/** What a step was told, where its verdict is to be published. */
export function dueVerdict({ settings }: Context, race: PackedValue, { told }: RaceStep): Told | undefined {
  return told !== undefined && isVerdictDue(told, race.doubles[race.at + COUNT], settings.verdictEvery)
    ? told
    : undefined;
}

/** Publishes a verdict that is due. @param key state key of the series */
export function forwardVerdict(
  context: Context,
  key: string,
  race: PackedValue,
  of: ObservationHead,
  told: Told,
): void {
  const models = contestantsOf(race, namesOf(race));
  const verdict = verdictOf(of, race.doubles[race.at + COUNT], told, models, parametersOf(race));
  publishVerdict(context, topics.rlsVerdicts, key, verdict);
}

/** Publishes the verdict of a champion that is listed no longer. @param from its name */
export function forwardGone(context: Context, key: string, race: PackedValue, of: ObservationHead, from: string): void {
  const { doubles, at } = race;
  const models = contestantsOf(race, namesOf(race));
  const verdict = goneVerdict(of, doubles[at + COUNT], doubles, judgeAt(race), from, models, parametersOf(race));
  publishVerdict(context, topics.rlsVerdicts, key, verdict);
}

/** The best forecast of an observation, where it is wanted. @param time of a label: when its question was asked */
export function forwardBest(
  { forward, settings }: Context,
  of: ObservationHead,
  { forecasts, asked }: Judged,
  time?: number,
): void {
  if (!settings.best) return;
  const names = settings.models.map(({ name }) => name);
  forward(topics.rlsBest, of.series, bestOf(of, names, forecasts, 0, asked, 0, time));
}

/**
 * Lays out the best forecast of a plain observation, whose numbers are at the front of the codec's.
 * @param given the observation's; where its numbers go
 * @returns false where it is to be forwarded
 */
export function writeBest(context: Context, layouts: BestLayouts, given: Given, { forecasts, asked }: Judged): boolean {
  const { length } = context.settings.models;
  const form = layBest(length, forecasts, 0, asked, 0, numbers, given.from);
  const layout = form === undefined ? undefined : layouts[form];
  if (layout === undefined) return false;
  given.listLength = length;
  return context.write(topics.rlsBest, layout, given);
}

/** How best forecasts are laid out, see {@link layBest}; undefined where the memory has no room for it. */
export interface BestLayouts {
  readonly shown: Layout | undefined;
  readonly first: Layout | undefined;
}

/** The layouts of best forecasts of these models. */
export function bestLayoutsOf(models: readonly RlsModel[]): BestLayouts {
  const names = models.map(({ name }) => name);
  return { shown: bestLayout(names), first: firstBestLayout(names) };
}
