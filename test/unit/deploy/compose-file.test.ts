import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { processEnvironment } from "../../../deploy/local/process-environment.js";
import { SERVICE_NAMES } from "../../../services/names.js";

const project = fileURLToPath(new URL("../../../../", import.meta.url));
const serviceSchema = z.object({
  image: z.string(),
  container_name: z.undefined().optional(),
  build: z.unknown().optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  restart: z.string(),
  stop_grace_period: z.string(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  mem_limit: z.string(),
  pids_limit: z.number(),
  networks: z.array(z.string()),
  logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
const { services, volumes } = z
  .object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.null()) })
  .parse(parse(readFileSync(join(project, "docker-compose.yml"), "utf8"), { merge: true }));

describe("the image", () => {
  it("gives a process the environment that npm start gives it", () => {
    const dockerfile = readFileSync(join(project, "deploy/Dockerfile"), "utf8");
    for (const [name, value] of Object.entries(processEnvironment))
      assert.match(dockerfile, new RegExp(`^(ENV)? +${name}=${value} `, "m"));
  });
});

describe("the image's user", () => {
  it("is a number that is not root's", () => {
    assert.match(readFileSync(join(project, "deploy/Dockerfile"), "utf8"), /^USER [1-9]\d*$/m);
  });
});

describe("docker-compose.yml", () => {
  it("runs every service and what it needs, and names no container, so that each can be scaled", () => {
    assert.deepEqual(Object.keys(services).sort(), ["grafana", "kafka", "prometheus", ...SERVICE_NAMES].sort());
  });

  it("lets Kafka load the libraries that it unpacks in /tmp, for batches in snappy and zstd", () => {
    const [options] = services.kafka.tmpfs.flatMap((mount) => /^\/tmp:(.*)$/.exec(mount)?.[1] ?? []);
    assert.ok(options.split(",").includes("exec"), options);
  });

  it("gives every container limits, no capability, a way back after a crash and no writable root", () => {
    for (const [name, service] of Object.entries(services)) {
      assert.deepEqual(service.cap_drop, ["ALL"], name);
      assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
      assert.equal(service.restart, "unless-stopped", name);
      assert.equal(service.read_only, true, name);
    }
  });

  it("lets nobody reach Kafka but the services, and Prometheus and Grafana nothing but what they show", () => {
    const on = (network: string) => Object.keys(services).filter((name) => services[name].networks.includes(network));
    assert.deepEqual(on("streams").sort(), ["kafka", ...SERVICE_NAMES].sort());
    assert.deepEqual(on("monitoring").sort(), ["grafana", "prometheus", ...SERVICE_NAMES].sort());
    for (const { networks } of Object.values(services)) assert.ok(networks.length > 0);
  });

  it("keeps a bounded number of bytes of what each container logs", () => {
    for (const [name, { logging }] of Object.entries(services)) {
      assert.equal(logging.driver, "json-file", name);
      assert.match(logging.options["max-size"], /^\d+m$/);
      assert.match(logging.options["max-file"], /^\d$/);
    }
  });

  it("publishes ports on 127.0.0.1 alone, each of them a setting, and none of a service that is scaled", () => {
    for (const [name, { ports }] of Object.entries(services)) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/, name);
      if (SERVICE_NAMES.some((ours) => ours === name)) assert.deepEqual(ports, [], name);
    }
  });

  it("pins the images that it does not build, checks their health by a program and not a shell, and keeps what they write", () => {
    for (const [name, { image, build, healthcheck, volumes: mounts }] of Object.entries(services)) {
      if (build === undefined) {
        assert.match(image, /:v?\d+\.\d+\.\d+$/, name);
        assert.equal(healthcheck?.test[0], "CMD", name);
      }
      const named = mounts.map((mount) => mount.split(":")[0]).filter((source) => !source.startsWith("."));
      assert.equal(named.length, 1, name);
      for (const volume of named) assert.ok(volume in volumes, volume);
      for (const mount of mounts.filter((of) => of.startsWith("."))) {
        assert.match(mount, /:ro$/);
        readdirSync(join(project, mount.split(":")[0].replace(/\/[^/]+\.yml$/, "")));
      }
    }
  });

  it("lets nobody log in to Grafana with a password that everybody knows", () => {
    const { grafana } = services;
    assert.equal(grafana.environment?.GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION, "true");
    assert.equal(grafana.environment.GF_AUTH_BASIC_ENABLED, "false");
    assert.equal(grafana.environment.GF_AUTH_DISABLE_LOGIN_FORM, "true");
    assert.equal(grafana.environment.GF_USERS_ALLOW_SIGN_UP, "false");
    assert.equal(grafana.environment.GF_AUTH_ANONYMOUS_ORG_ROLE, "Viewer");
    assert.deepEqual(
      Object.keys(grafana.environment).filter((name) => name.includes("PASSWORD")),
      [],
    );
  });
});
