import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EXIT_CONFIGURATION } from "../../../shared/errors.js";

const script = fileURLToPath(new URL("../../../deploy/cli/service.js", import.meta.url));

function service(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env.PATH, ...environment };
  return spawnSync(process.execPath, [script, ...args], { env, encoding: "utf8" });
}

describe("npm run service", () => {
  it("names the services where it is given none, an unknown one, or more than one", () => {
    for (const args of [[], ["rls"], ["../../deploy"], ["rls-racer", "producer"]]) {
      const { status, stderr } = service(args);
      assert.equal(status, 2);
      assert.match(stderr, /with one of: deserializer, .*producer, rls-racer/);
    }
  });

  it("runs the service named, with settings from the environment", () => {
    const { status, stdout } = service(["producer"], { RATE: "none" });
    assert.equal(status, EXIT_CONFIGURATION);
    assert.match(stdout, /"service":"producer".*RATE=none/);
  });
});
