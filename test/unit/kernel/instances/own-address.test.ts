import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { ownAddress } from "../../../../shared/kernel/instances/own-address.js";

const at = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(":") ? "IPv6" : "IPv4" }) as NetworkInterfaceInfo;
const LOOPBACK = [at("127.0.0.1", true), at("::1", true)];

describe("the address that an instance gives others", () => {
  it("is what HTTP_ADDRESS says, whatever it serves at", () => {
    assert.equal(ownAddress("racer.example:80", "0.0.0.0", 9464, { lo: LOOPBACK }), "racer.example:80");
  });

  it("is where it serves, where that is one address", () => {
    assert.equal(ownAddress(undefined, "127.0.0.1", 9464, { eth0: [at("10.0.0.7")] }), "127.0.0.1:9464");
    assert.equal(ownAddress(undefined, "::1", 15001, {}), "[::1]:15001");
  });

  it("is the container's or pod's own address, where it serves at all", () => {
    const eth0 = [at("fe80::1"), at("fd00::7"), at("10.244.1.7")];
    assert.equal(ownAddress(undefined, "0.0.0.0", 9464, { lo: LOOPBACK, eth0 }), "10.244.1.7:9464");
    assert.equal(ownAddress(undefined, "::", 9464, { lo: LOOPBACK, eth0: eth0.slice(0, 2) }), "[fd00::7]:9464");
  });

  it("is this machine's loopback, where it has no other", () => {
    assert.equal(ownAddress(undefined, "0.0.0.0", 9464, { lo: LOOPBACK, eth0: [at("169.254.1.1")] }), "127.0.0.1:9464");
  });
});
