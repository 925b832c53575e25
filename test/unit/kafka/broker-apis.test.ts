import assert from "node:assert/strict";
import { BrokerApis } from "../../../shared/kafka/broker-apis.js";

describe("what a broker can do, in the client's words", () => {
  const found: string[] = [];
  const told = (address: string, ...words: readonly string[]) => {
    found.length = 0;
    const apis = new BrokerApis((broker) => found.push(broker));
    for (const word of words) apis.onLog({ message: `[thrd:${address}/1]: ${address}/1: ${word}` });
    return [...found];
  };
  const list = (...apis: readonly string[]) => [
    "Broker API support:",
    "  ApiKey Produce (0) Versions 0..11",
    ...apis.map((api) => `  ApiKey ${api}`),
    "  ApiKey DescribeTopicPartitions (75) Versions 0..0",
    " Feature MsgVer1: Produce (2..2) supported by broker",
  ];

  it("tells brokers of Kafka 3.9, which have an early form of the protocol, and older ones, which have none", () => {
    assert.deepEqual(told("a:9092", ...list("ConsumerGroupHeartbeat (68) Versions 0..0")), ["a:9092"]);
    assert.deepEqual(told("sasl_ssl://[::1]:9093", ...list()), ["[::1]:9093"]);
  });

  it("tells nothing of Kafka 4, and of lines that are no list", () => {
    assert.deepEqual(told("a:9092", ...list("ConsumerGroupHeartbeat (68) Versions 0..1")), []);
    assert.deepEqual(told("a:9092", "  ApiKey ConsumerGroupHeartbeat (68) Versions 0..0", "Connected (#1)"), []);
  });

  const [old, new_] = [
    list("ConsumerGroupHeartbeat (68) Versions 0..0"),
    list("ConsumerGroupHeartbeat (68) Versions 0..1"),
  ];

  it("keeps the brokers apart whose lists come at once", () => {
    const apis = new BrokerApis((broker) => found.push(broker));
    found.length = 0;
    for (const at of old.keys()) {
      apis.onLog({ message: `[thrd:old:1/1]: old:1/1: ${old[at]}` });
      apis.onLog({ message: `[thrd:new:1/2]: new:1/2: ${new_[at]}` });
    }
    assert.deepEqual(found, ["old:1"]);
  });

  /** Two connections to one broker, as to a bootstrap server that is found in the cluster: each line of the second `late` lines later. */
  const toldTwice = (lines: readonly string[], late: number) => {
    const apis = new BrokerApis((broker) => found.push(broker));
    found.length = 0;
    for (let at = 0; at < lines.length + late; at++) {
      if (at < lines.length) apis.onLog({ message: `[thrd:b:1/bootstrap]: b:1/bootstrap: ${lines[at]}` });
      if (at >= late) apis.onLog({ message: `[thrd:b:1/2]: b:1/2: ${lines[at - late]}` });
    }
    return [...found];
  };

  it("keeps apart the lists of two connections to one broker, however they overlap", () => {
    const lates = [...new_.keys(), new_.length];
    for (const late of lates) assert.deepEqual(toldTwice(new_, late), [], `${late} lines later`);
    for (const late of lates) assert.deepEqual(toldTwice(old, late), ["b:1", "b:1"], `${late} lines later`);
  });
});
