import assert from "node:assert/strict";
import pino from "pino";
import { ClientTroubles } from "../../../shared/kafka/client-troubles.js";

const fail = (message: string, state: string, afterMs = 5) => ({
  fac: "FAIL",
  message: `[thrd:a:1/bootstrap]: a:1/bootstrap: ${message} (after ${afterMs}ms in state ${state})`,
});
const REFUSED = fail("Connect to ipv4#10.0.0.1:1 failed: Connection refused", "CONNECT");
const PASSWORD = fail("SASL authentication error: Authentication failed", "AUTH_REQ");
const CLOSED = fail("Disconnected: connection closed by peer", "APIVERSION_QUERY");

describe("what stands between a process and Kafka", () => {
  let lines: string[];
  let troubles: ClientTroubles;

  beforeEach(() => {
    lines = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
    troubles = new ClientTroubles({}, logger);
  });

  it("is told in the log once, however often and by however many clients, and again after Kafka has answered", () => {
    for (let time = 0; time < 3; time++) troubles.onLog(REFUSED);
    assert.deepEqual(lines, [troubles.reason]);
    troubles.answered();
    assert.equal(troubles.reason, undefined);
    troubles.onLog(REFUSED);
    assert.equal(lines.length, 2);
  });

  it("is what a broker refuses rather than another that cannot be reached", () => {
    troubles.onLog(REFUSED);
    troubles.onLog(PASSWORD);
    troubles.onLog(REFUSED);
    assert.match(troubles.reason ?? "", /Check KAFKA_CONF_SASL_USERNAME/);
  });

  it("is not guessed from one connection that was closed, and never kept against what is known", () => {
    troubles.onLog(CLOSED);
    assert.equal(troubles.reason, undefined);
    troubles.onLog(CLOSED);
    assert.match(troubles.reason ?? "", /as a port that speaks TLS does/);
    troubles.onLog(REFUSED);
    assert.match(troubles.reason ?? "", /Connection refused/);
    troubles.onLog(CLOSED);
    assert.match(troubles.reason ?? "", /Connection refused/);
  });
});
