import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { createTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { type SecuredKafka, startSecuredKafka, USER } from "../support/kafka/secured-kafka.js";
import { long } from "../support/long.js";
import { RunningService } from "../support/services/service-runner.js";
import { waitFor } from "../support/wait.js";

const readySchema = z.object({ reasons: z.array(z.string()).default([]) });
const TLS = { KAFKA_CONF_SECURITY_PROTOCOL: "ssl" };
const SASL = {
  KAFKA_CONF_SECURITY_PROTOCOL: "sasl_plaintext",
  KAFKA_CONF_SASL_MECHANISM: "PLAIN",
  KAFKA_CONF_SASL_USERNAME: USER.name,
  KAFKA_CONF_SASL_PASSWORD: USER.password,
};
const OTHER_PASSWORD = "a-wrong-password";
/** What a client's user reads today, and nothing can be done about. */
const NOTHING_SAID = /Erroneous state|waiting for Kafka/;

describe("a client that Kafka does not take", function () {
  this.timeout(300_000);
  let directory: string;
  let secured: SecuredKafka;
  const services: RunningService[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-secured-"));
    secured = await startSecuredKafka(directory);
  });
  after(async () => {
    for (const service of services) if (service.running) await service.kill();
    await secured.kafka.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (brokers: string, environment: Readonly<Record<string, string>>) => {
    const place = { KAFKA_BROKERS: brokers, STATE_DIR: join(directory, `state-${services.length}`) };
    const service = RunningService.start("rls-racer", { ...place, INPUT_TOPICS: "case.observations", ...environment });
    services.push(service);
    return service;
  };
  const reasonsOf = async (service: RunningService) =>
    readySchema.parse(await service.json("/ready")).reasons.join("; ");
  const says = (service: RunningService, expected: RegExp) =>
    waitFor(`${service.name} to say ${expected}`, async () => expected.test(await reasonsOf(service)));

  it("says in /ready and in its log what is wrong, and what helps", async () => {
    const { brokers, certificates } = secured;
    const ca = (file: string) => ({ ...TLS, KAFKA_CONF_SSL_CA_LOCATION: file });
    const cases: readonly [string, Readonly<Record<string, string>>, RegExp][] = [
      [
        brokers.sasl,
        { ...SASL, KAFKA_CONF_SASL_PASSWORD: OTHER_PASSWORD },
        /Authentication failed: Invalid username or password\. Check KAFKA_CONF_SASL_USERNAME and KAFKA_CONF_SASL_PASSWORD/,
      ],
      [brokers.sasl, { ...SASL, KAFKA_CONF_SASL_MECHANISM: "SCRAM-SHA-256" }, /Set KAFKA_CONF_SASL_MECHANISM/],
      [brokers.plain, SASL, /no use for SASL: set KAFKA_CONF_SECURITY_PROTOCOL to plaintext/],
      [brokers.sasl, {}, /may want SASL \(KAFKA_CONF_SECURITY_PROTOCOL/],
      [
        brokers.tls,
        ca(certificates.expired),
        /signed by tls, which is not among the authorities .*KAFKA_CONF_SSL_CA_LOCATION/,
      ],
      [brokers.expired, ca(certificates.expired), /its certificate expired on/],
      [brokers.tls, {}, /as a port that speaks TLS does \(set KAFKA_CONF_SECURITY_PROTOCOL to ssl/],
      [brokers.plain, ca(certificates.tls), /does not speak TLS: set KAFKA_CONF_SECURITY_PROTOCOL to plaintext/],
    ];
    await Promise.all(
      cases.map(async ([address, environment, expected]) => {
        const service = start(address, environment);
        await says(service, expected);
        assert.doesNotMatch(await reasonsOf(service), NOTHING_SAID);
        const told = service.lines.filter(({ msg }) => expected.test(msg ?? ""));
        assert.ok(told.length > 0, JSON.stringify(service.lines));
        for (const secret of [USER.password, OTHER_PASSWORD])
          assert.ok(!JSON.stringify(service.lines).includes(secret));
        await service.kill();
      }),
    );
  });

  it("ends with 78 and the setting's name where a file or its password is no good, before it connects", async () => {
    const { brokers, certificates } = secured;
    const key = join(directory, "client.key");
    const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "the-right-one" } as const;
    const pair = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: cipher,
    });
    writeFileSync(key, pair.privateKey);
    const cases: readonly [Readonly<Record<string, string>>, RegExp][] = [
      [{ KAFKA_CONF_SSL_CA_LOCATION: "/no/such.pem" }, /^KAFKA_CONF_SSL_CA_LOCATION: .*no such file or directory/],
      [
        {
          KAFKA_CONF_SSL_CERTIFICATE_LOCATION: certificates.tls,
          KAFKA_CONF_SSL_KEY_LOCATION: key,
          KAFKA_CONF_SSL_KEY_PASSWORD: OTHER_PASSWORD,
        },
        /^KAFKA_CONF_SSL_KEY_LOCATION, KAFKA_CONF_SSL_KEY_PASSWORD: .*or KAFKA_CONF_SSL_KEY_PASSWORD, wrong/,
      ],
    ];
    for (const [environment, expected] of cases) {
      const service = start(brokers.tls, { ...TLS, ...environment, RLS_MODELS: "" });
      assert.equal(await service.exited(), EXIT_CONFIGURATION);
      assert.equal(service.lines.length, 1);
      const [fault] = z.array(z.string()).parse(service.lines[0].faults);
      assert.match(fault, expected);
      assert.ok(!JSON.stringify(service.lines).includes(OTHER_PASSWORD));
    }
  });

  it("says what the broker lacks where that has no consumer protocol, and that GROUP_PROTOCOL helps", async () => {
    await createTopic(secured.brokers.plain, "case.observations", 1);
    const service = start(secured.brokers.plain, { APPLICATION_ID: "protocol" });
    const expected = /API version not supported.*set GROUP_PROTOCOL=cooperative-sticky/;
    await says(service, expected);
    assert.match(JSON.stringify(service.lines), expected);
    // Ten consumers one after another, with pauses that grow to 5 s.
    if (!long) return await service.kill();
    assert.equal(await service.exited(), 1);
    assert.match(service.lines.at(-1)?.msg ?? "", expected);
  });

  it("says which right is missing, tries again with growing pauses, and goes on when it has it", async () => {
    const { brokers, deny, allow } = secured;
    await createTopic(brokers.plain, "right.observations", 1);
    await deny("right.observations");
    const service = start(brokers.sasl, {
      ...SASL,
      INPUT_TOPICS: "right.observations",
      APPLICATION_ID: "right",
      GROUP_PROTOCOL: "cooperative-sticky",
    });
    const notRead = /does not allow it: .*Topic authorization failed.*Give the service's user Read on the topics/;
    await says(service, notRead);
    await allow("right.observations");
    await service.ready(1);

    await write(0);
    await waitFor("a commit", async () => (await service.metric("regatta_last_commit_timestamp_seconds")) > 0);
    await deny("rls-predictions");
    await write(1);
    await says(service, /does not allow it: .*Topic authorization failed.*Write on those that it writes/);
    await waitFor("several tries", async () => (await tries(service)) >= 3);
    const replaced = await service.metric("regatta_producer_replacements_total");
    assert.ok(replaced <= (await tries(service)), `${replaced} producers`);
    assert.match(await reasonsOf(service), /does not allow it/);
    await allow("rls-predictions");
    await waitFor("it to go on", async () => (await service.get("/ready")).status === 200);

    await deny("right.observations");
    await says(service, notRead);
    await allow("right.observations");
    await write(2);
    await waitFor("the last record", async () => (await service.metric("regatta_records_consumed_total")) >= 3);
    await waitFor("it to be ready", async () => (await service.get("/ready")).status === 200);
    assert.equal(await service.stop(), 0);
  });

  const tries = (service: RunningService) => service.metric("regatta_aborts_total", { cause: "kafka" });

  async function write(i: number): Promise<void> {
    const value = JSON.stringify({ topic: "right", series: "s", i, y: 1 + i, x: [i] });
    await writeRecords(secured.brokers.plain, [{ topic: "right.observations", key: "s", value }]);
  }
});
