import assert from "node:assert/strict";
import { RepeatedQuestion, SharedQuestion } from "../../../shared/repeated-question.js";
import { waitFor } from "../../support/wait.js";

describe("a question that is asked again and again", () => {
  it("is not asked while it has no answer, however old the question is", async () => {
    const question = new RepeatedQuestion(0);
    const answers: (() => void)[] = [];
    const failures: unknown[] = [];
    const ask = () =>
      question.askWhenOld(
        () =>
          new Promise((resolve, reject) =>
            answers.push(answers.length === 0 ? resolve : () => reject(new Error("no"))),
          ),
        (error) => failures.push(error),
      );
    for (let time = 0; time < 3; time++) ask();
    assert.equal(answers.length, 1);
    answers[0]();
    await waitFor("the second question", () => {
      ask();
      return answers.length === 2;
    });
    answers[1]();
    await waitFor("the third question, after the second failed", () => {
      ask();
      return answers.length === 3;
    });
    assert.equal(failures.length, 1);
  });

  it("is not asked before its time", () => {
    const question = new RepeatedQuestion(60_000);
    question.asked();
    question.askWhenOld(
      () => assert.fail("asked"),
      (error) => assert.fail(String(error)),
    );
  });
});

describe("an answer that is late", () => {
  it("is waited for by all who ask, and until it comes the one before stands", async () => {
    const answers: ((value: number) => void)[] = [];
    const size = new SharedQuestion(() => new Promise<number>((resolve) => answers.push(resolve)), 20);
    const first = Promise.all([size.answer(), size.newest()]);
    answers[0](1);
    assert.deepEqual(await first, [1, 1]);
    assert.deepEqual(await Promise.all([size.answer(), size.newest()]), [undefined, 1]);
    assert.deepEqual(await Promise.all([size.answer(), size.newest()]), [undefined, 1]);
    assert.equal(answers.length, 2);
    answers[1](2);
    assert.equal(await size.answer(), 2);
  });

  it("is left out where asking failed", async () => {
    let asked = 0;
    const size = new SharedQuestion(
      () => (++asked === 1 ? Promise.resolve(1) : Promise.reject(new Error("gone"))),
      1000,
    );
    assert.equal(await size.newest(), 1);
    assert.equal(await size.newest(), undefined);
  });
});
