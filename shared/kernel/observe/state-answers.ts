/** /state and /query over HTTP: what is asked for becomes questions, and their answers become responses. */
import { INSTANCE_HEADER } from "../../contract/state-question.js";
import { SharedQuestion } from "../../repeated-question.js";
import type { Answer } from "./answer.js";
import type { Manner } from "./asking.js";
import { PARTITION_HEADER, SEARCHED_HEADER, STALE_HEADER } from "./peers.js";
import type { Question } from "./question.js";
import type { Asked } from "./state-path.js";

/** What is asked for over HTTP. */
export interface InspectedState {
  /** In kebab-case. */
  readonly serviceName: string;
  /** `<application>/<INSTANCE_ID>/<slot>`; undefined until the service knows. */
  readonly instance: string | undefined;
  storeNames(): readonly string[];
  /** Topics that the series of the service are of. */
  topics(): readonly string[];
  /** Keys of a store that this instance holds, at most `limit`. */
  keys(store: string, limit: number): Promise<readonly string[]>;
  answer(question: Question, manner: Manner): Promise<Answer>;
}

type AskedState = Exclude<Asked, { kind: "fault" }>;

const KEYS_LIMIT = 1000;
/** Keys are read in the pool of threads in which the Kafka client waits as well; whoever asks is not kept for longer. */
const KEYS_WAIT_MS = 2000;
/** Partitions move, and tasks are restored, in seconds. */
const RETRY_AFTER_S = 1;

export class StateAnswers {
  readonly #state: InspectedState;
  readonly #listings = new Map<string, SharedQuestion<readonly string[]>>();

  constructor(state: InspectedState) {
    this.#state = state;
  }

  async respond(asked: Asked, hop: Manner["hop"]): Promise<Response> {
    const response = asked.kind === "fault" ? refused(400, asked.reason) : await this.#respond(asked, hop);
    const { instance } = this.#state;
    if (instance !== undefined) response.headers.set(INSTANCE_HEADER, instance);
    return response;
  }

  #respond(asked: AskedState, hop: Manner["hop"]): Promise<Response> | Response {
    if (asked.kind === "series") return this.#respondSeries(asked, hop);
    const { store } = asked;
    const stores = this.#state.storeNames();
    if (!stores.includes(store)) return refused(404, `no store ${store}; there are ${stores.join(", ")}`);
    return asked.kind === "keys" ? this.#respondKeys(store) : this.#respondValue(asked, hop);
  }

  async #respondKeys(store: string): Promise<Response> {
    const listing =
      this.#listings.get(store) ?? new SharedQuestion(() => this.#state.keys(store, KEYS_LIMIT), KEYS_WAIT_MS);
    this.#listings.set(store, listing);
    const keys = await listing.answer();
    return keys === undefined
      ? refused(503, `${store} did not list its keys within ${KEYS_WAIT_MS / 1000} s`)
      : Response.json({ store, keys, limit: KEYS_LIMIT });
  }

  async #respondValue({ store, key, stale }: Extract<Asked, { kind: "value" }>, hop: Manner["hop"]): Promise<Response> {
    const answer = await this.#state.answer({ kind: "value", store, key }, { stale, hop });
    return this.#response(answer, stale, `no ${JSON.stringify(key)} in ${store}`, (value) => value);
  }

  /** One series of one topic, or of every topic of the service. */
  async #respondSeries(asked: Extract<Asked, { kind: "series" }>, hop: Manner["hop"]): Promise<Response> {
    const { topic, series, rows, stale } = asked;
    const ask = (of: string) => this.#state.answer({ kind: "series", topic: of, series, rows }, { stale, hop });
    const name = JSON.stringify(series);
    if (topic !== undefined) {
      // What passes between two instances is what the question reads; who asked first says whose it is.
      const shown = (value: unknown, found: Found) =>
        hop === undefined ? this.#shown(topic, series, value, found) : value;
      return this.#response(await ask(topic), stale, `no series ${name} of ${topic}`, shown);
    }
    const topics = this.#state.topics();
    const answers = await Promise.all(topics.map(async (of) => ({ of, answer: await ask(of) })));
    const unavailable = answers.find(({ answer }) => answer.kind === "unavailable");
    const none: Answer = { kind: "none", searched: [] };
    const found = answers.flatMap(({ of, answer }) =>
      answer.kind === "found" ? [this.#shown(of, series, answer.value, answer)] : [],
    );
    if (unavailable === undefined && found.length > 0) return Response.json({ answers: found });
    return this.#response(unavailable?.answer ?? none, stale, `no series ${name} of ${topics.join(", ")}`, () => null);
  }

  #shown(topic: string, series: string, value: unknown, { partition, instance, stale }: Found): object {
    const service = this.#state.serviceName;
    return { service, topic, series, partition, instance, stale: stale ?? false, ...(value as object) };
  }

  #response(
    answer: Answer,
    isStaleAsked: boolean,
    missing: string,
    shown: (value: unknown, found: Found) => unknown,
  ): Response {
    switch (answer.kind) {
      case "found": {
        const { partition, stale } = answer;
        const headers = {
          [PARTITION_HEADER]: String(partition),
          ...(stale === undefined ? {} : { [STALE_HEADER]: String(stale.lagRecords ?? "unknown") }),
        };
        return Response.json(shown(answer.value, answer), { headers });
      }
      case "none":
        return refused(404, `${missing} of ${this.#state.serviceName}`, {
          [SEARCHED_HEADER]: answer.searched.join(","),
        });
      case "unavailable": {
        const remedy = isStaleAsked
          ? "Nobody has a copy either: ask again in a moment"
          : "Ask again in a moment, or with stale=true for a copy that may lag";
        return refused(503, `${answer.reason}. ${remedy}.`, { "Retry-After": String(RETRY_AFTER_S) });
      }
    }
  }
}

type Found = Extract<Answer, { kind: "found" }>;

function refused(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ error }, { status, headers });
}
