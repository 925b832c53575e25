/** `npm run page`: the page of the race, of any cluster, until Ctrl-C. */
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { SERVICE_NAMES } from "../../services/names.js";
import { readSettings } from "../../shared/config.js";
import { readCheckedProperties } from "../../shared/kafka/property-check.js";
import { createLogger } from "../../shared/logger.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { GroupHealth, mergedHealth } from "../page/group-health.js";
import { startRacePage } from "../page/race-page.js";
import { ServiceProbes } from "../page/service-probes.js";
import { notice, runCommand, write } from "./command.js";
import { untilListening } from "./open-port.js";

interface PageOptions {
  readonly host: string;
  readonly port: number;
  readonly services: readonly string[];
}

const command = new Command("page")
  .description("Serves a page that shows the race: who leads and how sure that is, forecasts, scores, dead letters.")
  .option("--port <port>", "port of the page, 0 for a free one", portNumber, 9470)
  .option("--host <address>", "address that it listens at; by default only this machine reaches it", "127.0.0.1")
  .option(
    "--services <urls>",
    "where services serve their metrics, to show their own words of their health: http://127.0.0.1:9464,...",
    urls,
    [],
  )
  .allowExcessArguments(false);

await runCommand(command, async (environment, stop) => {
  const { host, port, services } = command.opts<PageOptions>();
  const settings = readSettings(kernelSettings, environment);
  const properties = await readCheckedProperties(environment);
  const clientId = `${settings.applicationId}-page`;
  const client = { settings, properties, clientId, logger: createLogger("page", "silent") };
  await untilListening(settings.brokers, stop, () => notice(`waiting for Kafka at ${settings.brokers}`));
  const probes = services.length === 0 ? undefined : new ServiceProbes(services);
  const groups = new GroupHealth(client, groupsOf(settings.applicationId));
  const page = await startRacePage({
    client,
    brokers: settings.brokers,
    address: { host, port },
    services: () => mergedHealth(probes?.health ?? [], groups.health),
  });
  await write(`the race is shown at ${page.url}\n`);
  await Promise.race([once(stop, "abort"), page.ended]);
  await probes?.close();
  await groups.close();
  await page.close();
});

/** Each service's consumer group. */
function groupsOf(applicationId: string): ReadonlyMap<string, string> {
  return new Map(SERVICE_NAMES.map((name) => [name, `${applicationId}-${name}`]));
}

/** @throws {InvalidArgumentError} no port */
function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("expected a port from 0 to 65535.");
  return port;
}

/** @throws {InvalidArgumentError} one is no address of HTTP */
function urls(text: string): readonly string[] {
  return text.split(",").map((url) => {
    if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
      throw new InvalidArgumentError(`expected http://<host>:<port>, got ${url}.`);
    }
    return url.replace(/\/+$/, "");
  });
}
