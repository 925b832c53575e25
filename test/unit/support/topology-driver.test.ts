import assert from "node:assert/strict";
import { TopologyDriver } from "../../driver/topology-driver.js";
import { textRecord } from "../../support/data/observations.js";
import { countingService, MISDEEDS } from "../../support/services/counting-service.js";

const record = (key: string, text: string, timestamp = 0) =>
  textRecord("in", text, { key: Buffer.from(key), timestamp });

for (const roundTrip of [false, true]) {
  describe(`a topology driver whose values ${roundTrip ? "pass their codec" : "stay alive"}`, () => {
    const newDriver = () => new TopologyDriver(countingService("counter", "in", "out"), {}, { roundTrip });

    it("gives what a record led to, encoded, with the key and the record's timestamp, and keeps state", () => {
      const driver = newDriver();
      driver.pipe(record("a", "x"));
      driver.pipe(record("b", "y"));
      assert.deepEqual(driver.pipe(record("a", "z", 42)), {
        outputs: [{ topic: "out", key: "a", value: Buffer.from("z#2"), timestamp: 42 }],
        deadLetters: [],
      });
      assert.deepEqual(driver.keys("counter"), ["a", "b"]);
      assert.deepEqual(driver.bytes("counter", "a"), Buffer.from("2"));
      assert.deepEqual(driver.json("counter", "b"), { count: 1 });
      assert.throws(() => driver.bytes("counter", "c"), /expected a value of c/);
    });

    it("gives a rejected record as a dead letter with its reason, and nothing else", () => {
      const driver = newDriver();
      const bad = record("a", "bad");
      assert.deepEqual(driver.pipe(bad), {
        outputs: [],
        deadLetters: [{ reason: "bad-text", message: "expected another text", record: bad }],
      });
      assert.deepEqual(driver.keys("counter"), []);
    });

    const breaches: [misdeed: string, message: RegExp][] = [
      [MISDEEDS.putThenReject, /counter at in\[0\]@0: RecordError after 1 puts and forwards/],
      [MISDEEDS.forwardThenReject, /RecordError after 1 puts and forwards/],
      [MISDEEDS.crash, /expected a RecordError or none, got TypeError: crashed/],
      [MISDEEDS.strayTopic, /stray is not among the outputs declared/],
    ];
    for (const [misdeed, message] of breaches) {
      it(`throws when a service does this: ${misdeed}`, () => {
        assert.throws(() => newDriver().pipe(record("a", misdeed)), message);
      });
    }
  });
}
