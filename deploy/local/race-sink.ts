/** What is done with the records that a board reads. */
import { observationsTopic } from "../../shared/contract/topics.js";
import type { NewsDesk } from "./race-news.js";
import type { RaceSink } from "./race-reader.js";
import { type RaceView, see, seeVerdict } from "./race-view.js";

/** @param only raw topic whose results are taken in: others may stand beside those of a file on a cluster of the user's own; undefined for all */
export function raceSink(view: RaceView, desk: NewsDesk, only: string | undefined): RaceSink {
  const isRaced = ({ topic }: { readonly topic: string }) => only === undefined || only === topic;
  return {
    prediction(prediction, source) {
      if (isRaced(prediction)) see(view, prediction, source);
    },
    verdict(verdict, source, at) {
      if (!isRaced(verdict)) return;
      seeVerdict(view, verdict, source);
      desk.takeVerdict(verdict, at);
    },
    letter(letter) {
      const { topic } = letter.origin;
      if (only === undefined || topic === only || topic === observationsTopic(only).name) desk.takeLetter(letter);
    },
  };
}
