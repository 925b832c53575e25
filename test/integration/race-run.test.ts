import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../deploy/local/free-port.js";
import { RaceRun } from "../../deploy/local/race-run.js";
import { clientOptions } from "../support/kafka/kafka-topics.js";

describe("a run of the race that is to last so long", function () {
  this.timeout(120_000);
  const directory = mkdtempSync(join(tmpdir(), "regatta-run-"));
  after(() => rmSync(directory, { recursive: true, force: true }));

  it("ends also where the services are never ready, and says what they waited for", async () => {
    const brokers = `127.0.0.1:${await freePort()}`;
    const run = new RaceRun({
      brokers,
      client: clientOptions(brokers),
      httpPort: 9464,
      environment: { PATH: process.env.PATH, KAFKA_BROKERS: brokers, STATE_DIR: join(directory, "state") },
      inputs: new Map(),
      models: [],
      colours: false,
      servicesDirectory: fileURLToPath(new URL("../../services", import.meta.url)),
      logDirectory: directory,
      forMs: 1000,
      readyMsMax: 5000,
    });
    const { end, drained } = await run.run();
    assert.equal(end.kind, "never-ready");
    assert.match("message" in end ? end.message : "", /not ready until the end: producer \(.+\), .*ml-racer \(.+\)/);
    assert.equal(drained, false);
  });
});
