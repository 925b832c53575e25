/** The settings of the judge: when a switch of the champion is more than luck, how wide intervals are, how fast scores forget. */
import { setting } from "../../config.js";
import { decimalNumber, textSetting, wholeNumber } from "../../setting-kinds.js";

/** Least and largest share that a decimal setting may be: each is written without an exponent. */
const SHARE_MIN = 0.000001;
const SHARE_MAX = 0.999999;

const onOrOff = textSetting((text) => (text === "on" ? true : text === "off" ? false : undefined), "on or off");

/** Of every racing service. */
export const judgeSettings = {
  best: setting("BEST", onOrOff, {
    default: "on",
    doc: "`on`: for each question, observation and label one record with the champion's forecast, the mixture's, and their intervals",
  }),
  verdictEvery: setting("VERDICT_EVERY", wholeNumber(1, 1_000_000_000), {
    default: "100",
    doc: "scored observations of a series from one verdict to the next, besides those in which the champion changes",
  }),
  raceAlpha: setting("RACE_ALPHA", decimalNumber(SHARE_MIN, 0.5), {
    default: "0.05",
    doc:
      "probability with which the champion of a series may be replaced by a model that is no better, from one switch to the next; " +
      "the evidence for that is as large as the number of challengers divided by this",
  }),
  raceCoverage: setting("RACE_COVERAGE", decimalNumber(0.01, 0.999), {
    default: "0.9",
    doc: "share of the y that intervals are to hold",
  }),
  raceFading: setting("RACE_FADING", decimalNumber(0, SHARE_MAX), {
    default: "0.99",
    doc: "what a squared error still weighs in the fading score after one more observation: 0.99 remembers some 100 of them",
  }),
  racePhi: setting("RACE_PHI", decimalNumber(SHARE_MIN, 1), {
    default: "0.999",
    doc: "what the mixture keeps of its regrets from one observation to the next; 1 forgets nothing",
  }),
};

/** What the judge computes with: a changed one holds from the next record on, nothing is computed anew. */
export interface JudgeParameters {
  /** Probability of a false switch in one reign, 0 to 1. */
  readonly raceAlpha: number;
  /** Share of y that intervals are to hold, 0 to 1. */
  readonly raceCoverage: number;
  /** Fading factor of the fading score, 0 to 1. */
  readonly raceFading: number;
  /** Forgetting factor of the mixture, 0 to 1. */
  readonly racePhi: number;
}

/** What the judge writes. */
export interface JudgeOutputs {
  readonly best: boolean;
  readonly verdictEvery: number;
}

/** Share of y that intervals may miss: of a coverage in decimal notation the decimal number, 0.1 of 0.9. */
export function missOf({ raceCoverage }: Pick<JudgeParameters, "raceCoverage">): number {
  return Math.round((1 - raceCoverage) * 1e12) / 1e12;
}
