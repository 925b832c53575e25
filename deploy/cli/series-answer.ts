/** Asks instances over HTTP what they know of a series. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { authorizationOf, INSTANCE_HEADER } from "../../shared/contract/state-question.js";
import { fetchMessageOf } from "../../shared/errors.js";

const TIMEOUT_MS = 10_000;
/** Partitions that move, and tasks that are restored, are waited for so long. */
const WAIT_MS = 15_000;
const PAUSE_MS = 1000;

/** What is asked. */
export interface SeriesQuestion {
  readonly service: string;
  readonly series: string;
  /** Undefined for every topic of the service. */
  readonly topic: string | undefined;
  readonly rows: number;
  readonly stale: boolean;
  /** Of the service's HTTP_TOKEN_FILE; undefined where it has none. */
  readonly token: string | undefined;
}

const answerSchema = z.looseObject({
  service: z.string(),
  topic: z.string(),
  series: z.string(),
  partition: z.number(),
  instance: z.string(),
  stale: z.union([z.literal(false), z.object({ lagRecords: z.number().nullable() })]),
  state: z.record(z.string(), z.unknown()),
  leftOut: z.record(z.string(), z.number()).optional(),
});
const answersSchema = z.union([
  z.object({ answers: z.array(answerSchema) }).transform(({ answers }) => answers),
  answerSchema.transform((answer) => [answer]),
]);

/** What a service knows of a series of one topic. */
export type SeriesAnswer = z.infer<typeof answerSchema>;

/**
 * Asks one instance after the other until one answers; while none surely knows, again and again for 15 s.
 * @param urls   of the instances, each answers for all
 * @param notice gets a line where there is something to wait for
 * @throws {Error} there is no such series, nobody answers, or another service does
 */
export async function askSeries(
  urls: readonly string[],
  question: SeriesQuestion,
  notice: (line: string) => void,
  stop: AbortSignal,
): Promise<readonly SeriesAnswer[]> {
  const deadlineMs = performance.now() + WAIT_MS;
  for (let round = 0; ; round++) {
    const reasons: string[] = [];
    for (const url of urls) {
      const answer = await askInstance(url, question);
      if (typeof answer !== "string") return answer;
      reasons.push(answer);
    }
    if (performance.now() >= deadlineMs) throw new Error(reasons.join("\n"));
    if (round === 0) notice(`waiting: ${reasons.join("; ")}`);
    await delay(PAUSE_MS, undefined, { signal: stop });
  }
}

/** @returns the reason where it does not answer, or does not surely know now */
async function askInstance(url: string, question: SeriesQuestion): Promise<readonly SeriesAnswer[] | string> {
  const { service, series, topic, rows, stale, token } = question;
  const query = new URLSearchParams({ series, rows: String(rows) });
  if (topic !== undefined) query.set("topic", topic);
  if (stale) query.set("stale", "true");
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/query?${query}`, {
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: authorizationOf(token),
    });
    text = await response.text();
  } catch (error) {
    return `no answer at ${url}: ${fetchMessageOf(error)}`;
  }
  const [application = ""] = response.headers.get(INSTANCE_HEADER)?.split("/") ?? [];
  if (application !== "" && !application.endsWith(`-${service}`))
    throw new Error(`expected ${service} at ${url}, but ${application} answers there: take another --url`);
  if (response.status === 200) return answersSchema.parse(JSON.parse(text));
  const error = errorOf(text) ?? `status ${response.status}`;
  if (response.status === 503) return error;
  throw new Error(`${url}: ${error}`);
}

function errorOf(text: string): string | undefined {
  try {
    return z.object({ error: z.string() }).parse(JSON.parse(text)).error;
  } catch {
    return undefined;
  }
}
