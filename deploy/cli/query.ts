/**
 * `npm run query -- <service> <series>`: what a service knows of a series. Any of its instances is asked, and answers for all of them;
 * one is found in the address book, in Kafka.
 */
import { Argument, Command, InvalidArgumentError } from "commander";
import { SERVICE_NAMES, type ServiceName } from "../../services/names.js";
import { readSettings } from "../../shared/config.js";
import { ROWS_DEFAULT, ROWS_MAX, rowsOf } from "../../shared/contract/state-question.js";
import { kernelSettings } from "../../shared/service-settings.js";
import { notice, runCommand, topicArgument, unlessStopped, write } from "./command.js";
import { findInstances } from "./instance-finder.js";
import { askSeries } from "./series-answer.js";
import { renderAnswer } from "./series-table.js";

interface QueryOptions {
  readonly topic?: string;
  readonly rows: number;
  readonly stale: boolean;
  readonly json: boolean;
  readonly escaped: boolean;
  readonly url?: string;
}

const command = new Command("query")
  .description("Shows what a service knows of a series: its last rows, scores and errors, open questions, statistics.")
  .addArgument(new Argument("<service>", "which service to ask").choices(SERVICE_NAMES))
  .argument("<series>", "name of the series, which is the key of its records")
  .option("--topic <topic>", "raw topic of the series; without it all that the service reads", topicArgument)
  .option("--rows <number>", `rows of a matrix or window, 0 to ${ROWS_MAX}`, rowsArgument, ROWS_DEFAULT)
  .option("--stale", "where nobody surely knows, take the answer of a copy, which may lag", false)
  .option("--json", "one line of JSON for each topic, with every number as it is", false)
  .option("--escaped", "the series is written as in JSON: \\n, \\u0000, \\\\", false)
  .option("--url <url>", "an instance to ask, for example http://127.0.0.1:9467; without it one is found in Kafka");

await runCommand(command, async (environment, stop) => {
  // The argument is one of the choices, or commander has refused it.
  const [service, text]: [ServiceName, string] = [command.processedArgs[0], command.processedArgs[1]];
  const { topic, rows, stale, json, escaped, url } = command.opts<QueryOptions>();
  const series = escaped ? unescaped(text) : text;
  const instances =
    url === undefined ? await unlessStopped(findInstances(service, environment, stop), stop) : [urlOf(url)];
  if (instances === undefined) return;
  const { httpToken: token } = readSettings({ httpToken: kernelSettings.httpToken }, environment);
  const question = { service, series, topic, rows, stale, token };
  const answers = await unlessStopped(askSeries(instances, question, notice, stop), stop);
  // Lines for a terminal are cut to its width. A pipe gets them whole.
  const columns = process.stdout.columns > 0 ? process.stdout.columns : undefined;
  for (const answer of answers ?? [])
    await write(json ? `${JSON.stringify(answer)}\n` : `${renderAnswer(answer, columns)}\n`);
});

function rowsArgument(text: string): number {
  const rows = rowsOf(text);
  if (rows === undefined) throw new InvalidArgumentError(`Expected a number from 0 to ${ROWS_MAX}.`);
  return rows;
}

/** @throws {Error} it is not the inside of a text in JSON */
function unescaped(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch (error) {
    throw new Error(`expected the series as in JSON with --escaped, as in a\\u0000b or a\\\\b, got ${text}`, {
      cause: error,
    });
  }
}

/** @throws {Error} it is no URL of HTTP */
function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.origin;
  throw new Error(`expected --url to be as http://127.0.0.1:9467, got ${text}`);
}
