import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { EXIT_CONFIGURATION } from "../../shared/errors.js";
import { CHAIN, judge } from "../support/judge/verdict.js";
import { createTopic, readTopic, writeRecords } from "../support/kafka/kafka-topics.js";
import { type LockedKafka, type Login, startLockedKafka } from "../support/kafka/locked-kafka.js";
import { atSignal, UNHANDLED_REJECTION } from "../support/services/code-at-signal.js";
import { RunningCommand } from "../support/services/command-runner.js";
import { RunningService } from "../support/services/service-runner.js";
import { waitFor } from "../support/wait.js";

const PARTITIONS = 2;
/** Linear models alone: refitting trees takes processor time, and needs no other right. */
const SETTINGS = { TOPIC_PARTITIONS: String(PARTITIONS), SERIES: "4", RATE: "20", SEED: "5", ML_MODELS: "lin" };
/** Those that have state of series on two hosts each. */
const STATEFUL = ["stateful-estimator", "rls-racer", "ml-racer"] as const;
/** The application of users who lack a right each. */
const OTHER = { APPLICATION_ID: "other" };
const readySchema = z.object({ reasons: z.array(z.string()).default([]) });

describe("a cluster that is locked", function () {
  this.timeout(600_000);
  let directory: string;
  let locked: LockedKafka;
  const services: RunningService[] = [];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-locked-"));
    locked = await startLockedKafka(directory);
  });
  after(async () => {
    for (const service of services) if (service.running) await service.kill();
    await locked.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const stateOf = (host: string) => join(directory, `state-${host}`);
  const logOf = (host: string) => join(directory, `${host}.log`);
  function start(name: string, host: string, login: Login, more: Readonly<Record<string, string>> = {}) {
    const place = { INSTANCE_ID: host, STATE_DIR: stateOf(host) };
    const environment = { ...SETTINGS, ...login.environment, ...place, ...more };
    const service = RunningService.start(name, environment, logOf(host));
    services.push(service);
    return service;
  }

  /** What npm run acls prints, with the topics made that it says are to be made beforehand. */
  async function rightsFor(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<string[]> {
    const command = RunningCommand.start("acls", args, { ...SETTINGS, ...environment });
    const { code, stdout, stderr } = await command.ended();
    assert.equal(code, 0, stderr);
    const lines = stdout.split("\n");
    const topics = lines.filter((line) => line.startsWith("kafka-topics.sh ")).map((line) => line.split(" "));
    await Promise.all(
      topics.map((words) => {
        const valuesOf = (option: string) => words.flatMap((word, at) => (words[at - 1] === option ? [word] : []));
        const config = Object.fromEntries(valuesOf("--config").map((entry) => entry.split("=")));
        return createTopic(locked.administrator, valuesOf("--topic")[0], Number(valuesOf("--partitions")[0]), config);
      }),
    );
    return lines.filter((line) => line.startsWith("kafka-acls.sh "));
  }

  const consumed = (service: RunningService) => service.metric("regatta_records_consumed_total");
  const grown = async (service: RunningService) => {
    const before = await consumed(service);
    await waitFor(`${service.name} to consume`, async () => (await consumed(service)) > before + 20);
  };

  it("takes the rights that npm run acls prints, and no other, for a takeover, a standby and a lost folder of every service", async () => {
    const { scram, administrator } = locked;
    await locked.apply(await rightsFor([scram.principal], scram.environment));
    const producer = start("producer", "p", scram);
    const deserializer = start("deserializer", "d", scram);
    const onHost = (host: string) => STATEFUL.map((name) => start(name, host, scram, { STANDBY_REPLICAS: "1" }));
    const [a, b] = [onHost("a"), onHost("b")];
    await waitFor("each host to have a task of each service, and a copy of the other's", async () => {
      const counts = await Promise.all(
        [...a, ...b].flatMap((of) => [
          of.metric("regatta_tasks", { state: "running" }),
          of.metric("regatta_standby_tasks"),
        ]),
      );
      const lags = await Promise.all(b.map((of) => of.metric("regatta_standby_lag_records")));
      return counts.every((count) => count === 1) && lags.every((lag) => lag === 0);
    });
    await Promise.all([deserializer, ...a, ...b].map(grown));
    await Promise.all([...a, deserializer].map((service) => service.kill()));
    for (const host of ["a", "d"]) rmSync(stateOf(host), { recursive: true });
    await Promise.all(b.map((service) => service.ready(PARTITIONS)));
    const again = [...onHost("a"), start("deserializer", "d", scram)];
    await Promise.all(
      again.map(async (service) => {
        await service.ready(1);
        await grown(service);
        assert.ok((await service.metric("regatta_restored_records_total")) > 0, service.name);
      }),
    );
    assert.equal(await producer.stop(), 0);
    assert.ok((await judge(administrator, CHAIN, SETTINGS)).equal);
    await Promise.all([...again, ...b].map(async (service) => assert.equal(await service.stop(), 0, service.name)));
    const log = readFileSync(join(directory, "kafka", "kafka.log"), "utf8");
    const told = services.flatMap(({ lines }) => lines.map((line) => JSON.stringify(line)));
    assert.deepEqual(
      [
        ...log.split("\n").filter((line) => line.includes(" is Denied ")),
        ...told.filter((line) => line.includes("uthorization")),
      ],
      [],
    );
  });

  it("is told by whoever lacks a right, with what it is on and what it is", async () => {
    const { others, certificate, token } = locked;
    const [user] = others;
    const rights = await rightsFor([user.principal, "rls-racer"], { ...user.environment, ...OTHER });
    assert.equal(rights.length, others.length);
    // Each user has all of them but one.
    await locked.apply(
      rights.map((right, missing) => {
        const given = [...others.filter((_, at) => at !== missing), certificate, token];
        const principals = given.map(({ principal }) => `--allow-principal '${principal}'`).join(" ");
        return right.replace(`--allow-principal '${user.principal}'`, principals);
      }),
    );
    const topic = (name: string) => new RegExp(`${name}.*: .*Topic authorization failed.*Read on .*, Write on `);
    const expected = [
      topic("describe dataLinearModel\\.observations"),
      topic("describe (dead-letters|rls-)"),
      topic("describe other-rls-racer-"),
      /other-rls-racer.*Group authorization failed.*Read on the group <APPLICATION_ID>-<service>/,
      /Transactional Id authorization failed.*Write .* on the transactional ids that begin with <APPLICATION_ID>-<service>-/,
    ];
    await Promise.all(
      others.map(async (login, missing) => {
        const service = start("rls-racer", `lacking-${missing}`, login, OTHER);
        await says(service, expected[missing]);
        await service.kill();
      }),
    );
  });

  it("is used by a client's certificate, and by a token", async () => {
    const { certificate, token, tokens, administrator } = locked;
    const value = (i: number) => JSON.stringify({ topic: "dataLinearModel", series: "login", i, y: i, x: [i] });
    for (const [i, login] of [certificate, token].entries()) {
      const service = start("rls-racer", `login-${i}`, login, OTHER);
      await service.ready(PARTITIONS);
      await writeRecords(administrator, [{ topic: "dataLinearModel.observations", key: "login", value: value(i) }]);
      await waitFor("the record", async () => (await consumed(service)) > 0);
      const { given } = tokens;
      if (login === token) await waitFor("another token, since one expires", () => tokens.given > given);
      assert.equal(await service.stop(), 0);
    }
  });

  it("says what is wrong with a login, and never what the secret was", async () => {
    const { scram, certificate } = locked;
    const secret = "canary-of-a-wrong-password";
    const without = (login: Login, ...names: readonly string[]): Login => ({
      ...login,
      environment: Object.fromEntries(Object.entries(login.environment).filter(([name]) => !names.includes(name))),
    });
    const cases: readonly [Login, Readonly<Record<string, string>>, RegExp][] = [
      [scram, { KAFKA_CONF_SASL_PASSWORD: secret }, /Authentication failed.*KAFKA_CONF_SASL_PASSWORD/],
      [scram, { KAFKA_CONF_SECURITY_PROTOCOL: "sasl_plaintext" }, /as a port that speaks TLS does/],
      [without(scram, "KAFKA_CONF_SSL_CA_LOCATION"), {}, /signed by server, which is not among the authorities/],
      [
        without(certificate, "KAFKA_CONF_SSL_KEYSTORE_LOCATION", "KAFKA_CONF_SSL_KEYSTORE_PASSWORD"),
        {},
        /wants KAFKA_CONF_SSL_CERTIFICATE_LOCATION/,
      ],
    ];
    await Promise.all(
      cases.map(async ([login, more, expected], at) => {
        const service = start("rls-racer", `wrong-${at}`, login, more);
        await says(service, expected);
        assert.ok(!readFileSync(logOf(`wrong-${at}`), "utf8").includes(secret));
        await service.kill();
      }),
    );
    const refused = start("rls-racer", "refused", certificate, { KAFKA_CONF_SSL_KEYSTORE_PASSWORD: secret });
    assert.equal(await refused.exited(), EXIT_CONFIGURATION);
    assert.match(logText(refused), /KAFKA_CONF_SSL_KEYSTORE_PASSWORD/);
    assert.ok(!readFileSync(logOf("refused"), "utf8").includes(secret));
  });

  it("has its secrets in no log, with all that the client can tell, in no answer and in no last words", async () => {
    const { scram, certificate, token } = locked;
    const httpToken = "canary-of-the-http-token";
    const secrets = [scram, certificate, token].flatMap((of) =>
      Object.entries(of.environment).flatMap(([name, value]) => (/PASSWORD|SECRET/.test(name) ? [value] : [])),
    );
    assert.equal(secrets.length, 3);
    const { KAFKA_CONF_SASL_PASSWORD: password, ...environment } = scram.environment;
    const keys = Object.fromEntries(
      Object.entries({ ...certificate.environment, ...token.environment }).filter(([name]) =>
        /KEYSTORE|SECRET/.test(name),
      ),
    );
    const told = {
      ...keys,
      KAFKA_CONF_SASL_PASSWORD_FILE: fileOf("password", password),
      HTTP_TOKEN_FILE: fileOf("token", httpToken),
      KAFKA_CONF_DEBUG: "all",
      LOG_LEVEL: "trace",
    };
    const login = { ...scram, environment };
    const service = start("rls-racer", "canary", login, { ...told, ...atSignal(UNHANDLED_REJECTION) });
    await service.ready(1);
    const paths = ["/metrics", "/ready", "/live", "/state", "/state/race", "/query?series=s0", "/nothing"];
    const answers = await Promise.all(paths.map((path) => service.get(path)));
    service.signal("SIGUSR2");
    await service.exited();
    const watch = RunningCommand.start("watch", ["rls-predictions"], { ...environment, ...told });
    await watch.said("stderr", "watching rls-predictions");
    watch.signal("SIGINT");
    const said = await watch.ended();
    const all = [...answers.map(({ text }) => text), readFileSync(logOf("canary"), "utf8"), said.stdout, said.stderr];
    assert.match(all.join("\n"), /an intruder/);
    assert.match(all.join("\n"), /"librdkafka"/);
    for (const text of all)
      for (const secret of [...secrets, httpToken]) assert.ok(!text.includes(secret), text.slice(0, 200));
  });

  it("waits with the reason where certificate and password were renewed, and goes on with the new ones without a loss", async () => {
    const { KAFKA_CONF_SASL_PASSWORD: password, ...environment } = locked.scram.environment;
    const old = readFileSync(environment.KAFKA_CONF_SSL_CA_LOCATION, "utf8");
    const authorities = fileOf("authorities.pem", old);
    const login = {
      ...locked.scram,
      environment: {
        ...environment,
        KAFKA_CONF_SSL_CA_LOCATION: authorities,
        KAFKA_CONF_SASL_PASSWORD_FILE: fileOf("renewed-password", password),
      },
    };
    const racer = () => start("rls-racer", "renewed", login);
    const write = (i: number) => {
      const value = JSON.stringify({ topic: "dataLinearModel", series: "renewed", i, y: i, x: [i] });
      return writeRecords(locked.administrator, [{ topic: "dataLinearModel.observations", key: "renewed", value }]);
    };
    const before = racer();
    await before.ready(PARTITIONS);
    await write(0);
    await waitFor("the first record", async () => (await consumed(before)) > 0);

    const renewed = await locked.renew();
    await write(1);
    await says(before, /signed by renewed, which is not among the authorities/);
    await before.kill();
    fileOf("authorities.pem", `${old}${readFileSync(renewed.authority, "utf8")}`);
    const between = racer();
    await says(between, /Authentication failed.*KAFKA_CONF_SASL_PASSWORD/);
    await between.kill();
    fileOf("renewed-password", renewed.password);
    const after = racer();
    await after.ready(PARTITIONS);
    await write(2);
    const steps = async () =>
      (await readTopic(locked.administrator, "rls-predictions"))
        .map(({ value }) => JSON.parse(String(value)))
        .filter(({ series }) => series === "renewed")
        .map(({ i, model }) => `${model} ${i}`);
    await waitFor("all of them", async () => (await steps()).some((step) => step.endsWith(" 2")));
    const models = [...new Set((await steps()).map((step) => step.split(" ")[0]))];
    assert.deepEqual((await steps()).sort(), models.flatMap((model) => [0, 1, 2].map((i) => `${model} ${i}`)).sort());
    assert.equal(await after.stop(), 0);
  });

  const fileOf = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  };
  const logText = (service: RunningService) => service.lines.map((line) => JSON.stringify(line)).join("\n");
  const says = async (service: RunningService, expected: RegExp) => {
    await waitFor(`${service.name} to say ${expected} in /ready`, async () => {
      const { reasons } = readySchema.parse(await service.json("/ready"));
      return expected.test(reasons.join("; "));
    });
    await waitFor(`${service.name} to log ${expected}`, () => expected.test(logText(service)));
  };
});
