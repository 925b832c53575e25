import assert from "node:assert/strict";
import { brokerAddresses } from "../../../shared/broker-addresses.js";
import { readSettings } from "../../../shared/config.js";
import { ConfigurationError } from "../../../shared/errors.js";
import { kernelSettings } from "../../../shared/service-settings.js";

const read = (KAFKA_BROKERS: string) => readSettings({ brokers: kernelSettings.brokers }, { KAFKA_BROKERS }).brokers;

/** The texts are those that Java's client takes and refuses (ClientUtils.parseAndValidateAddresses, Utils.getHost and getPort). */
describe("addresses of brokers", () => {
  it("are taken with blanks around commas, in brackets for IPv6, with a scheme, with a comma at the end", () => {
    const same = new Map([
      ["127.0.0.1:9092", "127.0.0.1:9092"],
      ["a:9092, b:9092", "a:9092,b:9092"],
      [" a:9092\t,\n b-1.example.org:65535 ,", "a:9092,b-1.example.org:65535"],
      ["[::1]:9092", "[::1]:9092"],
      [
        "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:1234,[fe80::1%eth0]:1",
        "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:1234,[fe80::1%eth0]:1",
      ],
      ["SASL_SSL://my_host:9093", "my_host:9093"],
    ]);
    for (const [text, brokers] of same) assert.equal(read(text), brokers, text);
    assert.deepEqual(brokerAddresses("[::1]:9092,a:1"), [
      { host: "::1", port: 9092 },
      { host: "a", port: 1 },
    ]);
  });

  it("are refused without a port, with one that cannot be, with an empty host, with a stray character", () => {
    const texts = [
      "a",
      "a:",
      "127.0.0.1:99999",
      "a:0",
      "a:-1",
      ":9092",
      "a:9092;b:9092",
      "a:9092 b:9092",
      "[::1]",
      "::1:9092",
      ",",
      "[a]:9092x",
      "a:9092/x",
    ];
    for (const text of texts) assert.throws(() => read(text), /KAFKA_BROKERS=.*ports from 1 to 65535/s, text);
  });

  it("are refused with a user's name and password in them, and neither is told", () => {
    for (const text of ["alice:hunter2@host:9092x", "alice:hunter2@host:9092", "b:1,alice:hun@ter2@host:9092"]) {
      assert.throws(
        () => read(text),
        (error: unknown) => {
          assert.ok(error instanceof ConfigurationError);
          const told = JSON.stringify([error.message, error.faults]);
          assert.match(told, /KAFKA_BROKERS=\[hidden\]@host:9092/);
          assert.doesNotMatch(told, /alice|hunter2|ter2/);
          return true;
        },
      );
    }
  });
});
