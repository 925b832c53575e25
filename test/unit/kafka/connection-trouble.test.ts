import assert from "node:assert/strict";
import { connectionTrouble, sentenceOf } from "../../../shared/kafka/connection-trouble.js";

/** Lines as librdkafka 2.15.1 logged them. */
const LINES = {
  refused:
    "[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT, 1 identical error(s) suppressed)",
  coordinator:
    "[thrd:GroupCoordinator]: GroupCoordinator: 127.0.0.1:27191: ApiVersionRequest failed: Local: Timed out: probably due to broker version < 0.10 (see api.version.request configuration) (after 10047ms in state APIVERSION_QUERY)",
  ipv6: "[thrd:sasl_ssl://[::1]:9093/12]: sasl_ssl://[::1]:9093/12: SASL authentication error: Authentication failed: Invalid username or password (after 304ms in state AUTH_REQ)",
  certificate:
    "[thrd:ssl://kafka-1.example.org:9093/bootstrap]: ssl://kafka-1.example.org:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured or root CA certificates are installed (install ca-certificates package) (after 40ms in state SSL_HANDSHAKE)",
  stopped:
    "[thrd:127.0.0.1:27191/1]: 127.0.0.1:27191/1: Disconnected: connection closed by peer: receive 0 after POLLIN (after 8012ms in state UP)",
  soon: "[thrd:127.0.0.1:20830/bootstrap]: 127.0.0.1:20830/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 5ms in state UP)",
} as const;

const of = (line: keyof typeof LINES) => {
  const trouble = connectionTrouble(LINES[line]);
  assert.ok(trouble, line);
  return trouble;
};

describe("what the client logs of a connection that fails", () => {
  it("names the broker, whatever it is in the client", () => {
    assert.equal(of("refused").broker, "127.0.0.1:1");
    assert.equal(of("coordinator").broker, "127.0.0.1:27191");
    assert.equal(of("ipv6").broker, "[::1]:9093");
    assert.equal(of("certificate").broker, "kafka-1.example.org:9093");
  });

  it("is told without what is of no use to its reader", () => {
    assert.equal(of("refused").reason, "Connect to ipv4#127.0.0.1:1 failed: Connection refused");
    assert.equal(of("coordinator").reason, "ApiVersionRequest failed: Local: Timed out");
    assert.equal(
      of("certificate").reason,
      "SSL handshake failed: certificate verify failed: broker certificate could not be verified",
    );
  });

  it("is a wait where nobody answers, and none where somebody does", () => {
    assert.match(sentenceOf(of("refused")), /^waiting for Kafka at 127\.0\.0\.1:1: .*Start the broker/);
    assert.match(sentenceOf(of("coordinator")), /^waiting for Kafka at .*the broker hangs/);
    assert.match(sentenceOf(of("stopped")), /^waiting for Kafka at .*closed by peer: receive 0 after POLLIN$/);
    for (const line of ["ipv6", "certificate", "soon"] as const)
      assert.match(sentenceOf(of(line)), /^Kafka at \S+ does not take this client as it is set up: /);
    assert.match(sentenceOf({ ...of("certificate"), fault: "it expired" }), /could not be verified: it expired\. /);
  });

  it("is nothing in another form", () => {
    assert.equal(connectionTrouble("[thrd:main]: Fatal error: whatever"), undefined);
  });
});
