import assert from "node:assert/strict";
import { faultsOfProperties } from "../../../shared/kafka/property-check.js";

describe("the check of the client's properties", () => {
  it("has nothing against a time between two polls that is shorter than the session which the client assumes", async () => {
    assert.deepEqual(await faultsOfProperties({ "max.poll.interval.ms": "6000" }), []);
  });

  it("names a property whose file is not there", async () => {
    const [fault] = await faultsOfProperties({ "security.protocol": "ssl", "ssl.ca.location": "/nowhere/ca.pem" });
    assert.match(fault, /KAFKA_CONF_SSL_CA_LOCATION.*no such file/);
  });
});
