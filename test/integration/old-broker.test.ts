import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { openToldBroker, type ToldAnswers, type ToldBroker } from "../support/kafka/told-broker.js";
import { RunningService } from "../support/services/service-runner.js";

const OLD = /expected brokers of Kafka 4\.0 or newer, got an older one at 127\.0\.0\.1:\d+/;

describe("a broker that cannot have a service's group", function () {
  this.timeout(60_000);
  let directory: string;
  let broker: ToldBroker;
  let service: RunningService;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-old-broker-"));
  });
  afterEach(async () => {
    await service.kill();
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const start = async (answers: ToldAnswers, environment: Readonly<Record<string, string>> = {}) => {
    broker = await openToldBroker(answers);
    service = RunningService.start("rls-racer", {
      KAFKA_BROKERS: broker.brokers,
      STATE_DIR: directory,
      ...environment,
    });
  };

  it("is told of by a service that waits for topics as well, with exit code 78", async () => {
    await start({});
    assert.equal(await service.exited(), EXIT_CONFIGURATION);
    assert.match(service.lines.find(({ level }) => level === "fatal")?.msg ?? "", OLD);
  });

  it("is told of where the service cannot end in time as well", async () => {
    await start({ hidesTopics: true }, { SHUTDOWN_TIMEOUT_MS: "100" });
    assert.equal(await service.exited(), null);
    assert.match(JSON.stringify(service.lines.find(({ msg }) => msg === "stopping")), OLD);
    assert.match(service.lines.at(-1)?.msg ?? "", /^not done in time/);
  });
});
