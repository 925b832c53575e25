import assert from "node:assert/strict";
import { NewsDesk } from "../../../deploy/local/race-news.js";
import { raceSink } from "../../../deploy/local/race-sink.js";
import { newRaceView } from "../../../deploy/local/race-view.js";
import { verdictOf } from "../../support/data/page-records.js";

describe("what a board takes in", () => {
  const letterOf = (topic: string) => ({
    ...{ topic: "dead-letters", partition: 0, offset: 0, reason: "r", message: "", service: "s", timestamp: 1 },
    ...{ origin: { topic }, key: null, value: null, headers: [], isEnvelope: false },
  });

  function seen(only: string | undefined): { topics: string[]; change: string | undefined; letters: number } {
    const view = newRaceView();
    const desk = new NewsDesk();
    const sink = raceSink(view, desk, only);
    for (const topic of ["sales", "other"]) {
      const prediction = { topic, series: "s", model: "m", i: 1, n: 1, y: 1, yhat: 1, error: 0, mse: 0 };
      sink.prediction(prediction, "rls-predictions");
      sink.verdict({ ...verdictOf(topic, "s", 1), decision: "switch" }, "rls-verdicts", 1);
      for (const place of [topic, `${topic}.observations`]) sink.letter(letterOf(place));
    }
    return { topics: [...view.keys()], change: desk.news.change?.topic, letters: desk.news.letters };
  }

  it("is every race and dead letter, or those of the file that is raced alone", () => {
    assert.deepEqual(seen(undefined), { topics: ["sales", "other"], change: "other", letters: 4 });
    assert.deepEqual(seen("sales"), { topics: ["sales"], change: "sales", letters: 2 });
  });
});
