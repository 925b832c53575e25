/** The containers of docker-compose.yml under a project name and a host port of their own. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { freePort } from "../../../deploy/local/free-port.js";

const projectDirectory = fileURLToPath(new URL("../../../../", import.meta.url));
const servicesDirectory = fileURLToPath(new URL("../../../services/", import.meta.url));
const PULL_TIMEOUT_MS = 60_000;
/** One name for all runs, so that each run clears away what a killed one left. */
const PROJECT = "regatta-compose-test";
const COMMAND_TIMEOUT_MS = 240_000;
const BUILD_TIMEOUT_MS = 900_000;
const UP_TIMEOUT_S = "240";
const ENGINE_TIMEOUT_MS = 20_000;

const run = promisify(execFile);
const configSchema = z.object({ services: z.record(z.string(), z.object({ image: z.string() })) });

/**
 * Why containers cannot be run here, in words; undefined where they can.
 * @example "no Docker engine answers (Cannot connect to the Docker daemon at ...)"
 */
export function missingEngine(): string | undefined {
  const engine = spawnSync("docker", ["version", "--format", "{{.Server.Version}}"], answerOptions);
  if (engine.status !== 0) return `no Docker engine answers (${failureOf(engine)})`;
  const compose = spawnSync("docker", ["compose", "version"], answerOptions);
  return compose.status === 0 ? undefined : `Docker has no compose command (${failureOf(compose)})`;
}

const answerOptions = { encoding: "utf8", timeout: ENGINE_TIMEOUT_MS } as const;

function failureOf({ stderr, error }: { stderr: string | null; error?: Error }): string {
  return error?.message ?? (stderr ?? "").trim().split("\n")[0];
}

export class ComposeStack {
  /** For programs on this machine: `127.0.0.1:<port>`. */
  readonly brokers: string;
  /** Prometheus of the stack, for programs on this machine. */
  readonly prometheus: string;
  /** The services of docker-compose.yml that this project has programs of, in its order. */
  readonly services: readonly string[];
  /** All that runs: the services and what they need. */
  readonly containers: readonly string[];
  readonly #directory: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #onSignal = (signal: NodeJS.Signals) => {
    this.#downNow();
    process.kill(process.pid, signal);
  };

  private constructor(
    ports: { readonly kafka: number; readonly prometheus: number },
    services: readonly string[],
    containers: readonly string[],
    directory: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.brokers = `127.0.0.1:${ports.kafka}`;
    this.prometheus = `http://127.0.0.1:${ports.prometheus}`;
    this.services = services;
    this.containers = containers;
    this.#directory = directory;
    this.#environment = environment;
    // A signal ends mocha without its hooks; containers would stay.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, this.#onSignal);
  }

  /**
   * Builds the image and starts everything that docker-compose.yml has, all of it ready. What only a registry gives is left out
   * where there is none, and that is said.
   * @param settings of the services, as a user writes them to .env
   * @throws {Error} a command failed, with its output
   */
  static async open(settings: Readonly<Record<string, string>>): Promise<ComposeStack> {
    const ports = { kafka: await freePort(), prometheus: await freePort(), grafana: await freePort() };
    const directory = mkdtempSync(join(tmpdir(), "regatta-compose-"));
    const settingsFile = join(directory, "settings.env");
    writeFileSync(
      settingsFile,
      Object.entries({ LOG_LEVEL: "warn", ...settings })
        .map(settingLine)
        .join(""),
    );
    const environment = {
      ...process.env,
      KAFKA_PORT: String(ports.kafka),
      PROMETHEUS_PORT: String(ports.prometheus),
      GRAFANA_PORT: String(ports.grafana),
      REGATTA_ENV_FILE: settingsFile,
      REGATTA_IMAGE: `${PROJECT}:local`,
      // Compose builds by itself; by default it asks for a plugin that not every engine comes with.
      COMPOSE_BAKE: "false",
    };
    const named = spawnSync("docker", ["compose", "config", "--services"], {
      ...answerOptions,
      cwd: projectDirectory,
      env: environment,
    });
    if (named.status !== 0) throw new Error(`docker-compose.yml cannot be read: ${failureOf(named)}`);
    const names = named.stdout.trim().split("\n").sort();
    const services = names.filter((name) => existsSync(join(servicesDirectory, name, "main.js")));
    const containers = names.filter((name) => services.includes(name) || imageIsThere(name, environment));
    const left = names.filter((name) => !containers.includes(name));
    if (left.length > 0) console.log(`      Left out, since its image cannot be had here: ${left.join(", ")}.`);
    const stack = new ComposeStack(ports, services, containers, directory, environment);
    try {
      await stack.#compose(["down", "-v", "--remove-orphans", "--timeout", "1"]);
      await stack.#compose(["build", ...services], BUILD_TIMEOUT_MS);
      await stack.up();
    } catch (error) {
      const { stdout } = await stack.#compose(["logs", "--tail", "30"]).catch(() => ({ stdout: "" }));
      console.log(stdout);
      await stack.close();
      throw error;
    }
    return stack;
  }

  /** Starts what does not run, and waits until all of it is ready. */
  async up(): Promise<void> {
    await this.#compose(["up", "-d", "--no-build", "--wait", "--wait-timeout", UP_TIMEOUT_S, ...this.containers]);
  }

  /** Removes containers and network; volumes stay. */
  async down(): Promise<void> {
    await this.#compose(["down"]);
  }

  /** Runs a service in so many replicas, all of them ready. */
  async scale(service: string, replicas: number): Promise<void> {
    const scale = `${service}=${replicas}`;
    await this.#compose(["up", "-d", "--no-build", "--no-recreate", "--wait", "--scale", scale, ...this.containers]);
  }

  /** What docker-compose.yml is found wrong with; empty where it is not. */
  async faults(): Promise<string> {
    const { stdout, stderr } = await this.#compose(["config", "-q"]);
    return stdout + stderr;
  }

  /** What the engine says of every container of a service, as `docker inspect` does. */
  async inspect(service: string): Promise<unknown[]> {
    const ids = (await this.#compose(["ps", "-a", "-q", service])).stdout.trim().split("\n");
    return JSON.parse((await run("docker", ["inspect", ...ids], { timeout: COMMAND_TIMEOUT_MS })).stdout) as unknown[];
  }

  /** SIGTERM, and the exit code. */
  async stop(service: string): Promise<number> {
    const id = await this.#containerOf(service);
    await this.#compose(["stop", service]);
    return Number(await this.#inspect(id, "{{.State.ExitCode}}"));
  }

  async start(service: string): Promise<void> {
    await this.#compose(["start", service]);
  }

  /** A stop and a start. */
  async restart(service: string): Promise<void> {
    await this.#compose(["restart", service]);
  }

  /** SIGKILL to the program inside, as a crash: the engine is not told that the end is wanted. */
  async crash(service: string): Promise<void> {
    const killAll = `for (const pid of fs.readdirSync("/proc").filter(Number)) {
      if (Number(pid) !== process.pid && fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").startsWith("node\\0"))
        process.kill(Number(pid), "SIGKILL");
    }`;
    // The container ends under the command's feet, so that the command's own exit code says nothing.
    await this.#exec(service, killAll).catch(() => undefined);
  }

  /** How often the engine has started the container again by itself. */
  async restarts(service: string): Promise<number> {
    return Number(await this.#inspect(await this.#containerOf(service), "{{.RestartCount}}"));
  }

  /** Records that the service has forwarded since it was started; 0 while it does not answer. */
  async produced(service: string): Promise<number> {
    const sum = `fetch("http://127.0.0.1:9464/metrics").then((r) => r.text()).then((text) => console.log(text.split("\\n")
      .filter((line) => line.startsWith("regatta_records_produced_total")).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)))`;
    return this.#exec(service, sum).then(Number, () => 0);
  }

  /** Removes containers, network and volumes. The image stays, as a cache: the next run builds in seconds. */
  async close(): Promise<void> {
    await this.#compose(["down", "-v", "--remove-orphans", "--timeout", "5"]);
    process.off("SIGINT", this.#onSignal).off("SIGTERM", this.#onSignal);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #downNow(): void {
    const args = this.#arguments(["down", "-v", "--remove-orphans", "--timeout", "1"]);
    spawnSync("docker", args, { cwd: projectDirectory, env: this.#environment, timeout: COMMAND_TIMEOUT_MS });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #containerOf(service: string): Promise<string> {
    return (await this.#compose(["ps", "-a", "-q", service])).stdout.trim();
  }

  async #inspect(id: string, format: string): Promise<string> {
    return (await run("docker", ["inspect", "-f", format, id], { timeout: COMMAND_TIMEOUT_MS })).stdout.trim();
  }

  async #exec(service: string, script: string): Promise<string> {
    return (await this.#compose(["exec", "-T", service, "node", "-e", script])).stdout.trim();
  }

  #arguments(args: readonly string[]): string[] {
    return ["compose", "-p", PROJECT, ...args];
  }

  #compose(args: readonly string[], timeoutMs: number = COMMAND_TIMEOUT_MS) {
    return run("docker", this.#arguments(args), {
      cwd: projectDirectory,
      env: this.#environment,
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  }
}

/** Whether the image of a container is here, or can be fetched. */
function imageIsThere(name: string, environment: NodeJS.ProcessEnv): boolean {
  const options = { ...answerOptions, cwd: projectDirectory, env: environment };
  const images = spawnSync("docker", ["compose", "config", "--format", "json"], options).stdout;
  const image = configSchema.parse(JSON.parse(images)).services[name].image;
  if (spawnSync("docker", ["image", "inspect", image], answerOptions).status === 0) return true;
  return spawnSync("docker", ["pull", "-q", image], { ...answerOptions, timeout: PULL_TIMEOUT_MS }).status === 0;
}

function settingLine([name, value]: readonly [string, string]): string {
  return `${name}=${value}\n`;
}
