/** The command line of `npm start`, and what of it must agree with a race that was begun before. */
import { Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { nonEmpty } from "../../shared/config.js";
import { ConfigurationError } from "../../shared/errors.js";
import { addFileOptions, type FileOptions } from "./file-options.js";

/**
 * What the command line says; undefined where it says nothing. Numbers and names stay text: the services check them as their
 * settings.
 */
export interface RunOptions extends FileOptions {
  /** How many series are generated, or with {@link FileOptions.from} the column that names them. */
  readonly series?: string;
  /** How many features are generated, or with {@link FileOptions.from} their columns. */
  readonly features?: string;
  readonly rate?: string;
  readonly seed?: string;
  /** How long to race, in ms. */
  readonly for?: number;
  readonly fresh?: boolean;
  /** Port of the local broker; undefined for 9092, or a free one where that is taken. */
  readonly kafkaPort?: number;
  /** Port of the page that shows the race; undefined for 9470, or a free one where that is taken. */
  readonly pagePort?: number;
  /** False with --no-color. */
  readonly color: boolean;
  /** Folder of the broker's data, the services' state and the logs. */
  readonly directory: string;
}

/** Together with series and i these determine every record: a race under way must keep them. */
export const raceBasisSchema = z.object({ features: z.string(), seed: z.string() });
export type RaceBasis = z.infer<typeof raceBasisSchema>;

/** The producer's settings as environment variables. */
export interface ProducerEnvironment {
  readonly SERIES: string;
  readonly FEATURES: string;
  readonly RATE: string;
  readonly SEED: string;
}

const DEFAULTS: ProducerEnvironment = { SERIES: "2", FEATURES: "10", RATE: "100", SEED: "0" };

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/**
 * Reads the command line. --help, and an option that is not known, print a text and end the process.
 * @param args the arguments alone, without node and script
 */
export function parseRunOptions(args: readonly string[]): RunOptions {
  const command = new Command("npm start --")
    .description("Races forecasting models on a Kafka of this machine's own, or on yours where KAFKA_BROKERS is set.")
    .option(
      "--series <number or column>",
      `series of each raw topic (default: ${DEFAULTS.SERIES}, or SERIES); with --from the column that names the series`,
    )
    .option(
      "--features <number or columns>",
      `features x1 to xn of a record (default: ${DEFAULTS.FEATURES}, or FEATURES); with --from their columns, a,b,c (default: all others)`,
    )
    .option(
      "--rate <number>",
      `records per second of each raw topic (default: ${DEFAULTS.RATE}, or RATE; with --from as fast as it can)`,
    )
    .option("--seed <number>", `the same seed gives the same records (default: ${DEFAULTS.SEED}, or SEED)`)
    .addOption(
      new Option(
        "--for <duration>",
        "race so long once all services are ready, for example 30s or 5m, then print a final table; services that are not ready within a minute are not waited for",
      ).argParser(durationMs),
    )
    .option("--fresh", "begin a new race: the data and state of the last one are deleted")
    .addOption(
      new Option("--kafka-port <port>", "port of the local Kafka (default: 9092, or a free one)").argParser(portNumber),
    )
    .addOption(
      new Option("--page-port <port>", "port of the page that shows the race (default: 9470, or a free one)").argParser(
        portNumber,
      ),
    )
    .option("--no-color", "a board without colours; NO_COLOR does the same")
    .option("--directory <folder>", "where data, state and logs are kept", ".local")
    .allowExcessArguments(false);
  addFileOptions(command).parse([...args], { from: "user" });
  return command.opts<RunOptions>();
}

/**
 * A duration as people write it.
 * @returns ms, more than 0
 * @throws {InvalidArgumentError} not a number with its unit
 */
export function durationMs(text: string): number {
  const match = DURATION.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * UNITS_MS[match[2]];
  if (ms <= 0) throw new InvalidArgumentError("expected a number with its unit: ms, s, m or h; for example 30s.");
  return ms;
}

/** @throws {InvalidArgumentError} not a port that a server can listen on */
function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new InvalidArgumentError("expected a port from 1 to 65535.");
  return port;
}

/**
 * The producer's settings for this run: from the command line, else from the environment, else from the race under way, else the
 * defaults.
 * @param basis of the race under way; undefined where a new one begins or the cluster is the user's
 * @throws {ConfigurationError} the race under way has other features or another seed: its series would continue with records that
 *   are not theirs
 */
export function producerEnvironment(
  options: RunOptions,
  environment: Readonly<Record<string, string | undefined>>,
  basis: RaceBasis | undefined,
): ProducerEnvironment {
  const asked = {
    series: options.series ?? nonEmpty(environment.SERIES),
    features: options.features ?? nonEmpty(environment.FEATURES),
    rate: options.rate ?? nonEmpty(environment.RATE),
    seed: options.seed ?? nonEmpty(environment.SEED),
  };
  const faults = (["features", "seed"] as const).flatMap((name) => {
    const [now, then] = [asked[name], basis?.[name]];
    if (now === undefined || then === undefined || now === then) return [];
    return [
      `--${name} ${now}: the race under way was begun with ${then}; leave it at that, or begin anew with --fresh`,
    ];
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
  return {
    SERIES: asked.series ?? DEFAULTS.SERIES,
    FEATURES: asked.features ?? basis?.features ?? DEFAULTS.FEATURES,
    RATE: asked.rate ?? DEFAULTS.RATE,
    SEED: asked.seed ?? basis?.seed ?? DEFAULTS.SEED,
  };
}

/** What of the producer's settings a race under way must keep. */
export function basisOf({ FEATURES, SEED }: ProducerEnvironment): RaceBasis {
  return { features: FEATURES, seed: SEED };
}
