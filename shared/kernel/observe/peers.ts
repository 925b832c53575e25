/** Asks other instances. They are found in the address book alone: nothing that a question says decides where one is sent. */
import { singleAddress } from "../../broker-addresses.js";
import { authorizationOf, INSTANCE_HEADER } from "../../contract/state-question.js";
import { fetchMessageOf } from "../../errors.js";
import { type Answer, HOPS, type Hop } from "./answer.js";
import { pathOf, type Question } from "./question.js";
import { type KnownInstance, nameOf } from "./running-parts.js";

/** Says that an instance asks, and what; who is asked so asks nobody else. */
export const HOP_HEADER = "regatta-hop";
/** Of an answer that found something: its partition. */
export const PARTITION_HEADER = "regatta-partition";
/** Of an answer of a copy: the offsets that it lags, or `unknown`. */
export const STALE_HEADER = "regatta-stale";
/** Of an answer that found nothing: the partitions that were searched, separated by commas. */
export const SEARCHED_HEADER = "regatta-searched";

const TIMEOUT_MS = 3000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** @returns undefined where a request does not come from another instance */
export function hopOf(header: string | undefined): Hop | undefined {
  return header === undefined ? undefined : (HOPS.find((hop) => hop === header) ?? "home");
}

export class Peers {
  /** `<APPLICATION_ID>-<service>` */
  readonly #application: string;
  readonly #authorization: Readonly<Record<string, string>>;

  /** @param token that the instances ask one another for; undefined for none */
  constructor(application: string, token?: string) {
    this.#application = application;
    this.#authorization = authorizationOf(token);
  }

  /** What another instance knows itself; `unavailable` where it does not answer within 3 s. */
  async ask(instance: KnownInstance, question: Question, hop: Hop): Promise<Answer> {
    const name = nameOf(instance);
    if (instance.address === undefined) return unavailable(`${name} tells no address: it is of an older version`);
    const address = singleAddress(instance.address);
    if (address === undefined) return unavailable(`${name} tells an address that is none`);
    try {
      const response = await fetch(`http://${address}${pathOf(question)}`, {
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        // One that is kept may be closed in the moment in which it is used again.
        headers: { [HOP_HEADER]: hop, connection: "close", ...this.#authorization },
      });
      const text = await textOf(response);
      if (response.headers.get(INSTANCE_HEADER) === `${this.#application}/${name}`)
        return answerOf(response, text, name);
    } catch (error) {
      return unavailable(`${name} does not answer at ${address}: ${fetchMessageOf(error)}`);
    }
    return unavailable(
      `at ${address}, where ${name} says that it serves, another one answers: set HTTP_ADDRESS of ${name} to where it is reached`,
    );
  }
}

function answerOf({ status, headers }: Response, text: string, instance: string): Answer {
  const partition = Number(headers.get(PARTITION_HEADER) ?? Number.NaN);
  const stale = headers.get(STALE_HEADER);
  const body: unknown = JSON.parse(text);
  if (status === 200 && Number.isSafeInteger(partition)) {
    const found = { kind: "found", value: body, partition, instance } as const;
    if (stale === null) return found;
    const lagRecords = Number(stale);
    return { ...found, stale: { lagRecords: Number.isSafeInteger(lagRecords) ? lagRecords : null } };
  }
  const searched = headers.get(SEARCHED_HEADER);
  if (status === 404 && searched !== null)
    return { kind: "none", searched: searched === "" ? [] : searched.split(",").map(Number) };
  const { error } = Object(body) as { error?: unknown };
  return unavailable(typeof error === "string" ? error : `${instance} answers with status ${status}`);
}

/** @throws {RangeError} the answer is too large */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new RangeError(`its answer has more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function unavailable(reason: string): Answer {
  return { kind: "unavailable", reason };
}
