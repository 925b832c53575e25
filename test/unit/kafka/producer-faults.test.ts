import assert from "node:assert/strict";
import { producerFaults } from "../../../shared/kafka/producer-faults.js";
import { kernelFaults } from "../../../shared/service-settings.js";

const TIMEOUT = { transactionTimeoutMs: 10_000 };

describe("settings that cannot work together", () => {
  for (const [property, refused, taken] of [
    ["acks", "1", "all"],
    ["request.required.acks", "0", "-1"],
    ["retries", "0", "3"],
    ["message.send.max.retries", "none", "1"],
    ["max.in.flight", "6", "5"],
    ["max.in.flight.requests.per.connection", "1000000", "1"],
    ["queuing.strategy", "lifo", "fifo"],
    ["linger.ms", "9000", "8999"],
    ["queue.buffering.max.ms", "900000", "5"],
  ] as const) {
    it(`are told for ${property}=${refused}, and not for ${taken}`, () => {
      const [fault, ...further] = producerFaults(TIMEOUT, { [property]: refused });
      assert.ok(
        fault.startsWith(`KAFKA_CONF_${property.toUpperCase().replaceAll(".", "_")}=${refused}: expected `),
        fault,
      );
      assert.equal(further.length, 0);
      assert.deepEqual(producerFaults(TIMEOUT, { [property]: taken }), []);
    });
  }

  it("are told where a transaction would time out before its commit, but not without transactions", () => {
    const settings = { ...TIMEOUT, commitIntervalMs: 10_000 };
    assert.match(
      kernelFaults({ ...settings, processingGuarantee: "exactly_once" }, {})[0],
      /^COMMIT_INTERVAL_MS=10000 /,
    );
    assert.deepEqual(kernelFaults({ ...settings, processingGuarantee: "at_least_once" }, {}), []);
    const shorter = { ...settings, commitIntervalMs: 9999, processingGuarantee: "exactly_once" } as const;
    assert.deepEqual(kernelFaults(shorter, {}), []);
  });
});
