/** The settings of labels that come later: how long a question waits, and what is remembered of answered ones. */
import { setting } from "../../config.js";
import { wholeNumber } from "../../setting-kinds.js";

/** Longest wait: some 30 years. */
const WAIT_MS_MAX = 1e12;

/** Of every racing service. */
export const labelSettings = {
  labelQuestionsMax: setting("LABEL_QUESTIONS_MAX", wholeNumber(0, 10_000), {
    default: "256",
    doc:
      "questions, records without y, that may wait for their label in one series; one more gives the oldest up. 0 refuses " +
      "questions as dead letters",
  }),
  labelDoneMax: setting("LABEL_DONE_MAX", wholeNumber(0, 256), {
    default: "16",
    doc:
      "counters i that each series remembers after their y came, or was given up: of these a record that comes again is a " +
      "duplicate or a correction. 0 takes every record as a new one",
  }),
  labelWaitMs: setting("LABEL_WAIT_MS", wholeNumber(0, WAIT_MS_MAX), {
    default: "604800000",
    doc: "how long a question waits for its label, by the time of its series' records; after that it is given up",
  }),
};

/** The values of {@link labelSettings}. */
export interface LabelBounds {
  readonly labelQuestionsMax: number;
  readonly labelDoneMax: number;
  readonly labelWaitMs: number;
}
