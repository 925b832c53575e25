/**
 * `npm start`: Kafka, the services and the board, from one command to one Ctrl-C. Exit code 0 after a clean end, 78 for
 * settings that cannot work, 1 for anything else.
 */
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { producerSettings } from "../../services/producer/settings.js";
import { nonEmpty, readSettings } from "../../shared/config.js";
import { ConfigurationError, EXIT_CONFIGURATION } from "../../shared/errors.js";
import type { ClientOptions } from "../../shared/kafka/client.js";
import { readClientProperties } from "../../shared/kafka-variables.js";
import { createLogger } from "../../shared/logger.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { PageAddressError } from "../page/page-server.js";
import { type RacePage, startRacePage } from "../page/race-page.js";
import { printable, printableLines } from "../printable.js";
import { dryRun } from "./dry-run.js";
import { fileRequest } from "./file-options.js";
import { progressSummary } from "./file-progress.js";
import {
  type FileRace,
  fileRace,
  finishedRows,
  forgetFileRace,
  isBegun,
  keepBasis,
  keepFinish,
  refuseOtherBasis,
  refuseUsedTopic,
} from "./file-race.js";
import { FileWatch } from "./file-watch.js";
import { freePort, isFree } from "./free-port.js";
import { type LocalKafka, startLocalKafka } from "./local-kafka.js";
import { modelOrder } from "./model-order.js";
import { processEnvironment } from "./process-environment.js";
import { RaceRun } from "./race-run.js";
import { raceInputs } from "./race-topics.js";
import { FolderInUseError, forgetRace, openRunFolder, type RunFolder, readBasis, writeBasis } from "./run-folder.js";
import { basisOf, parseRunOptions, producerEnvironment, type RunOptions } from "./run-options.js";
import { refuseFaultySettings } from "./setting-check.js";

const SERVICES_DIRECTORY = fileURLToPath(new URL("../../services", import.meta.url));
const KAFKA_PORT = 9092;
const PAGE_PORT = 9470;
/** What services are told of a broker of this machine's own, before its port is known. */
const LOCAL_BROKER = { KAFKA_BROKERS: `127.0.0.1:${KAFKA_PORT}`, KAFKA_BOOTSTRAP_SERVERS: undefined };
/** TOPIC_RETENTION_MIB on the local broker: the disk is a laptop's. */
const RETENTION_MIB = "512";
/** The same for a file, of which no record may go before the slowest service has read it. */
const ALL_MIB = "-1";

/** With --for: the longest wait for services to be ready. A first start takes more than half a minute on a slow machine. */
const READY_MS_MAX = 60_000;
/** With --dry-run. */
const OBSERVATIONS_SHOWN = 10;

type Environment = Readonly<Record<string, string | undefined>>;

/** Aborted by the first signal; a second one changes nothing. */
const stopping = new AbortController();
let run: RaceRun | undefined;

function stop(): void {
  stopping.abort();
  run?.end({ kind: "asked" });
}

async function main(options: RunOptions, environment: Environment): Promise<number> {
  const named = [environment.KAFKA_BROKERS, environment.KAFKA_BOOTSTRAP_SERVERS];
  const ownCluster = named.some((brokers) => (brokers ?? "").trim() !== "");
  const { brokers: ownBrokers } = readSettings({ brokers: kernelSettings.brokers }, environment);
  const fresh = options.fresh === true;
  if (ownCluster && fresh) {
    throw new ConfigurationError(["--fresh: KAFKA_BROKERS is set, and the topics of your cluster are yours to delete"]);
  }
  const request = fileRequest(options, environment);
  const file = request === undefined ? undefined : await fileRace(request, resolve(options.directory), stopping.signal);
  if (request !== undefined && file === undefined) return 0;
  if (file !== undefined) process.stdout.write(`${printable(`${file.file.name}: ${file.file.detected}`)}\n`);
  if (file !== undefined && options.dryRun === true) {
    const lines = dryRun({ ...environment, ...file.environment }, file.topic, OBSERVATIONS_SHOWN);
    process.stdout.write(`${lines.map(printable).join("\n")}\n`);
    return 0;
  }
  const folder = await openRunFolder(file?.directory ?? resolve(options.directory));
  try {
    if (fresh) forgetRace(folder);
    if (fresh && file !== undefined) forgetFileRace(file);
    if (file !== undefined) refuseOtherBasis(file);
    if (file !== undefined && ownCluster && !isBegun(file)) await refuseUsedTopic(clientOf(environment), file.topic);
    const generated =
      file === undefined
        ? producerEnvironment(options, environment, ownCluster ? undefined : readBasis(folder))
        : undefined;
    const producer = { ...generated, ...file?.environment };
    const told = { ...environment, ...producer };
    // INPUT_TOPICS of the user holds for every service, but a file has a topic of its own.
    const isAsked = nonEmpty(environment.INPUT_TOPICS) !== undefined && file === undefined;
    const inputs = isAsked ? new Map<string, string>() : raceInputs(readSettings(producerSettings, told));
    refuseFaultySettings(ownCluster ? told : { ...told, ...LOCAL_BROKER }, inputs);
    const kafka = ownCluster ? undefined : await startKafka(folder, fresh, options.kafkaPort);
    try {
      if (file !== undefined) keepBasis(file);
      if (kafka !== undefined && generated !== undefined) writeBasis(folder, basisOf(generated));
      const place =
        kafka === undefined
          ? { STATE_DIR: environment.STATE_DIR ?? folder.stateDirectoryOn(ownBrokers) }
          : {
              STATE_DIR: folder.stateDirectory,
              KAFKA_BROKERS: kafka.brokers,
              KAFKA_BOOTSTRAP_SERVERS: undefined,
              TOPIC_RETENTION_MIB: environment.TOPIC_RETENTION_MIB ?? (file === undefined ? RETENTION_MIB : ALL_MIB),
            };
      return await race(folder, options, { ...environment, ...producer, ...place }, inputs, file);
    } finally {
      await kafka?.stop();
    }
  } finally {
    await folder.close();
  }
}

async function startKafka(folder: RunFolder, fresh: boolean, asked: number | undefined): Promise<LocalKafka> {
  const port = asked ?? ((await isFree(KAFKA_PORT)) ? KAFKA_PORT : await freePort());
  const log = relative("", join(folder.kafkaDirectory, "kafka.log"));
  process.stdout.write(`Starting Kafka on 127.0.0.1:${port}; log in ${log}\n`);
  const kafka = await startLocalKafka({
    directory: folder.kafkaDirectory,
    port,
    fresh,
    onCrash: (reason) => {
      run?.notice(`${reason.split("\n")[0]} It is started again.`);
      kafka.restart().catch((error: unknown) => run?.end({ kind: "refused", message: String(error) }));
    },
  });
  return kafka;
}

async function race(
  folder: RunFolder,
  options: RunOptions,
  environment: Environment,
  inputs: ReadonlyMap<string, string>,
  file: FileRace | undefined,
): Promise<number> {
  const settings = readSettings(kernelSettings, environment);
  const client = clientOf(environment);
  const watch = file === undefined ? undefined : new FileWatch(client, settings.applicationId, file.topic, file.file);
  run = new RaceRun({
    brokers: settings.brokers,
    client,
    httpPort: settings.httpPort,
    environment: { ...processEnvironment, ...environment },
    inputs,
    models: modelOrder(environment),
    colours: options.color,
    servicesDirectory: SERVICES_DIRECTORY,
    logDirectory: folder.logDirectory,
    forMs: options.for,
    readyMsMax: READY_MS_MAX,
    file: watch,
  });
  const page = await startPage(run, client, settings.brokers, options.pagePort);
  if (stopping.signal.aborted) run.end({ kind: "asked" });
  const { end, faults, drained, progress } = await run.run();
  await page.close();
  if (file !== undefined && progress !== undefined) {
    process.stdout.write(`${printable(progressSummary(progress, finishedRows(file)))}\n`);
    if (end.kind === "forecast") keepFinish(file, progress.rows);
  }
  for (const fault of "message" in end ? [end.message, ...faults] : faults)
    process.stderr.write(`${printableLines(fault)}\n`);
  if (end.kind === "refused") return EXIT_CONFIGURATION;
  if (end.kind === "never-ready") return 1;
  if (end.kind === "elapsed" && !drained) {
    process.stdout.write(
      "Not all that was written is raced: the models are slower than --rate. The next start goes on with it.\n",
    );
  }
  if (end.kind === "asked") process.stdout.write("Stopped. The next `npm start` goes on from here.\n");
  return faults.length === 0 ? 0 : 1;
}

/** The page of this run, at the port that was asked for, the usual one, or a free one. */
async function startPage(
  race: RaceRun,
  client: ClientOptions,
  brokers: string,
  asked: number | undefined,
): Promise<RacePage> {
  const services = () =>
    race.services.map(({ name, state, recordsPerSecond = null, lagRecords = null }) => ({
      name,
      state,
      recordsPerSecond,
      lagRecords,
    }));
  const serve = (port: number) =>
    startRacePage({
      client: { ...client, clientId: "regatta-page" },
      brokers,
      address: { host: "127.0.0.1", port },
      services,
    });
  const page = await serve(asked ?? PAGE_PORT).catch(async (error: unknown) => {
    if (asked !== undefined || !(error instanceof PageAddressError)) throw error;
    return serve(await freePort());
  });
  // What it could not go on with is told after the run, where the page is closed.
  page.ended.catch(() => race.end({ kind: "asked" }));
  process.stdout.write(`The race is shown at ${page.url}\n`);
  return page;
}

/** For the board's own clients. */
function clientOf(environment: Environment): ClientOptions {
  return {
    settings: readSettings(kernelSettings, environment),
    properties: readClientProperties(environment),
    clientId: "regatta-board",
    logger: createLogger("board", "silent"),
  };
}

/** Prints a failure and returns its exit code. Only an unexpected one is shown with its stack. */
function explain(error: unknown): number {
  if (error instanceof ConfigurationError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT_CONFIGURATION;
  }
  const isTold = error instanceof FolderInUseError || error instanceof PageAddressError;
  process.stderr.write(`${isTold ? error.message : errorText(error)}\n`);
  return 1;
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const options = parseRunOptions(process.argv.slice(2));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
// The terminal, or the reader of a pipe, is gone: nobody sees the race any more.
process.stdout.on("error", stop);
process.exit(await main(options, process.env).catch(explain));
