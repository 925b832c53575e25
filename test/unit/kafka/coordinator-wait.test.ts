import assert from "node:assert/strict";
import { askCoordinator } from "../../../shared/kafka/coordinator-wait.js";
import { KafkaError } from "../../../shared/kafka/kafka-error.js";

const answer = (code: number) => new KafkaError("committed", { code, message: `Broker: ${code}` });

/** Gives these answers one after the other, then the position. */
function coordinator(...codes: number[]) {
  const ask = async () => {
    ask.asked++;
    const code = codes.shift();
    if (code !== undefined) throw answer(code);
    return 42;
  };
  ask.asked = 0;
  return ask;
}

describe("asking a group's coordinator", () => {
  it("is repeated while it is elected, loads or has moved", async () => {
    const ask = coordinator(15, 14, 16, 16);
    assert.equal(await askCoordinator(ask, { pauseMs: 1 }), 42);
    assert.equal(ask.asked, 5);
  });

  it("ends at once with any other error", async () => {
    const forbidden = coordinator(30);
    await assert.rejects(askCoordinator(forbidden, { pauseMs: 1 }), { code: 30 });
    assert.equal(forbidden.asked, 1);
    const bug = new RangeError("a bug");
    await assert.rejects(
      askCoordinator(() => Promise.reject(bug)),
      bug,
    );
  });

  it("ends with the broker's answer where no broker is it in time", async () => {
    const ask = coordinator(...new Array<number>(100_000).fill(16));
    await assert.rejects(askCoordinator(ask, { pauseMs: 1, waitMs: 20 }), { name: "KafkaError", code: 16 });
    assert.ok(ask.asked > 1);
  });
});
