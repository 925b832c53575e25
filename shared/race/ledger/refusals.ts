/** Records that a race refuses before its ledger sees them. */
import { RecordError } from "../../errors.js";
import type { LabelBounds } from "./label-settings.js";

/**
 * Refuses a question where there may be none.
 * @throws {RecordError} `questions-off`
 */
export function refuseQuestion(y: number | null, { labelQuestionsMax }: LabelBounds): void {
  if (y !== null || labelQuestionsMax > 0) return;
  throw new RecordError(
    "questions-off",
    "expected a record with y, got a question: set LABEL_QUESTIONS_MAX above 0 to have it forecast",
  );
}
