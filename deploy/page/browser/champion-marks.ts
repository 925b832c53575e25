/** When somebody became champion, as marks on the axis of i. */
import type { VerdictPoint } from "../messages.js";
import type { Mark } from "./chart.js";
import { modelColour } from "./elements.js";

/** The verdicts that made somebody champion, in their order. */
export function changesIn(verdicts: readonly VerdictPoint[]): VerdictPoint[] {
  return verdicts.filter(({ decision }) => decision !== "keep");
}

/** @param textOf what stands at the mark of a champion */
export function championMarks(verdicts: readonly VerdictPoint[], textOf: (champion: string) => string): Mark[] {
  return changesIn(verdicts).map(({ i, champion }) => ({ i, colour: modelColour(champion), text: textOf(champion) }));
}
