/** A real Prometheus with the project's rules, that scrapes processes of a test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { freePort } from "../../../deploy/local/free-port.js";
import { waitFor } from "../wait.js";
import { prometheusDirectory, ruleFiles } from "./rule-files.js";

/** Scraped and evaluated oftener than in production, so that windows of a minute have their samples soon. */
const INTERVAL = "1s";

/** One time series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const answerSchema = z.object({
  status: z.literal("success"),
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});
const configSchema = z.looseObject({
  scrape_configs: z.tuple([z.looseObject({ job_name: z.literal("regatta") }), z.looseObject({})]),
});

/**
 * Evaluates an expression at a Prometheus.
 * @param url of the server, without a path
 * @throws {Error} the server refuses it
 */
export async function query(url: string, expr: string): Promise<Series[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${expr}: ${text}`);
  return answerSchema.parse(JSON.parse(text)).data.result.map(({ metric, value: [, value] }) => ({
    labels: metric,
    value: Number(value),
  }));
}

export class PrometheusServer {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /**
   * Starts it on a port of 127.0.0.1 and waits until it is ready.
   * @param program   path of prometheus
   * @param directory for its configuration and data
   * @param targets   `host:port` of each process, by the name that its service has in compose
   */
  static async start(
    program: string,
    directory: string,
    targets: readonly { readonly service: string; readonly address: string }[],
  ): Promise<PrometheusServer> {
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "prometheus.yml");
    writeFileSync(file, stringify(localConfiguration(targets)));
    const url = `http://127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(directory, "data")}`];
    const process = spawn(program, [...args, `--web.listen-address=${new URL(url).host}`], { stdio: "ignore" });
    const server = new PrometheusServer(url, process);
    await waitFor("Prometheus to be ready", async () => {
      if (process.exitCode !== null) throw new Error(`prometheus has ended with ${process.exitCode}`);
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return server;
  }

  query(expr: string): Promise<Series[]> {
    return query(this.url, expr);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, "exit");
  }
}

/** The configuration of the deployment, but that addresses are told rather than looked up by name. */
function localConfiguration(targets: readonly { readonly service: string; readonly address: string }[]) {
  const text = readFileSync(join(prometheusDirectory, "prometheus.yml"), "utf8");
  const [{ dns_sd_configs: _, ...regatta }] = configSchema.parse(parse(text)).scrape_configs;
  return {
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: ruleFiles(),
    scrape_configs: [
      {
        ...regatta,
        static_configs: targets.map(({ service, address }) => ({
          targets: [address],
          labels: { __meta_dns_name: service },
        })),
      },
    ],
  };
}
