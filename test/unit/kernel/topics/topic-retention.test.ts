import assert from "node:assert/strict";
import { outputConfig } from "../../../../shared/kernel/topics/topic-retention.js";

const MIB = 1024 * 1024;

describe("the configuration of a topic that a service makes", () => {
  it("never deletes by the records' time, which is that of their raw records", () => {
    for (const retentionMib of [-1, 1, 2048, 1_000_000]) {
      const config = outputConfig({}, retentionMib);
      assert.equal(config["retention.ms"], "-1");
      assert.equal(config["cleanup.policy"], "delete");
      assert.equal(config["message.timestamp.type"], "CreateTime");
    }
  });

  it("has a bound in bytes, in whole segments that are small beside it and hold the largest dead letter", () => {
    assert.equal(outputConfig({}, 2048)["retention.bytes"], String(2048 * MIB));
    assert.equal(outputConfig({}, 2048)["segment.bytes"], String(256 * MIB));
    assert.equal(outputConfig({}, 1)["segment.bytes"], String(16 * MIB));
    assert.equal(outputConfig({}, 1_000_000)["segment.bytes"], String(1024 * MIB));
    assert.equal(outputConfig({}, -1)["retention.bytes"], "-1");
    assert.equal(outputConfig({}, -1)["segment.bytes"], undefined);
  });

  it("leaves a compacted topic without a bound, and keeps what the topic itself asks for", () => {
    assert.deepEqual(outputConfig({ "cleanup.policy": "compact" }, 2048), {
      "message.timestamp.type": "CreateTime",
      "cleanup.policy": "compact",
    });
    assert.equal(outputConfig({ "max.message.bytes": "5" }, 2048)["max.message.bytes"], "5");
  });
});
