/**
 * Answers a question of any series at any instance: from here, or by asking the instance that owns it, once. A series belongs to the
 * partition that Kafka's partitioner gives its key, and its state is there. It may lie in another one too, or there alone: records
 * without a key stay in the partition that they came to, and another writer may have another partitioner. So where its own partition
 * has nothing, all the others are asked, and "there is none" is said once every partition was searched by its owner.
 *
 * An answer is never a former owner's. While a partition moves or is restored, nobody answers for it but, where that is asked for, a
 * copy.
 */
import { partitionOfKey } from "../../partitioner.js";
import type { Answer, Hop } from "./answer.js";
import type { OwnState } from "./own-state.js";
import type { Peers } from "./peers.js";
import { type Question, type StateLayout, seriesOf } from "./question.js";
import { type KnownInstance, nameOf, type RunningBook } from "./running-parts.js";

export interface AskingOptions {
  readonly own: Pick<OwnState, "at" | "all" | "copy" | "inputOf">;
  readonly peers: Pick<Peers, "ask">;
  readonly book: Pick<RunningBook, "self" | "instances" | "owner">;
  readonly layout: StateLayout;
  /** Partitions of the service. */
  readonly tasks: number;
}

/** How a question is asked. */
export interface Manner {
  /** Whether a copy's answer will do where the owner has none. */
  readonly stale: boolean;
  /** What another instance asks; undefined where somebody else does. */
  readonly hop?: Hop | undefined;
}

export class Asking {
  readonly #options: AskingOptions;

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  async answer(question: Question, { stale, hop }: Manner): Promise<Answer> {
    const { own, layout, tasks } = this.#options;
    const home = partitionOfKey(Buffer.from(seriesOf(question, layout).series), tasks);
    if (hop === "home") return own.at(home, question);
    if (hop === "all") return own.all(question);
    if (hop === "copy") return own.copy(home, question);
    const current = await this.#current(home, question);
    return current.kind === "unavailable" && stale ? this.#copy(home, question, current) : current;
  }

  async #current(home: number, question: Question): Promise<Answer> {
    const own = this.#options.own.at(home, question);
    const answer = own.kind === "unavailable" ? await this.#ofOwner(home, question, own) : own;
    return answer.kind === "none" ? this.#elsewhere(home, question) : answer;
  }

  /** @param own why this instance cannot tell */
  async #ofOwner(home: number, question: Question, own: Answer): Promise<Answer> {
    const { own: state, book, peers } = this.#options;
    const owner = book.owner(home, state.inputOf(question));
    if (owner === undefined) return { kind: "unavailable", reason: `nobody is known to have partition ${home} now` };
    return nameOf(owner) === book.self ? own : peers.ask(owner, question, "home");
  }

  /** @param home searched, without success */
  async #elsewhere(home: number, question: Question): Promise<Answer> {
    const { own, peers, tasks } = this.#options;
    const answers = [
      own.all(question),
      ...(await Promise.all(this.#others().map((one) => peers.ask(one, question, "all")))),
    ];
    const found = answers.filter((answer) => answer.kind === "found").sort((a, b) => a.partition - b.partition);
    if (found.length > 0) return found[0];
    const searched = new Set([home, ...answers.flatMap((answer) => (answer.kind === "none" ? answer.searched : []))]);
    const open = Array.from({ length: tasks }, (_, partition) => partition).filter((one) => !searched.has(one));
    if (open.length === 0) return { kind: "none", searched: [...searched] };
    const reasons = answers.flatMap((answer) => (answer.kind === "unavailable" ? [`; ${answer.reason}`] : []));
    return {
      kind: "unavailable",
      reason: `partition ${home}, where it belongs, has nothing, and nobody answers for partition ${open.join(", ")}${reasons.join("")}`,
    };
  }

  /** @param current why there is no other answer */
  async #copy(home: number, question: Question, current: Answer): Promise<Answer> {
    const { own, peers } = this.#options;
    const here = own.copy(home, question);
    if (here.kind === "found") return here;
    const holders = this.#others().filter(
      ({ copies = [], partitions }) => copies.includes(home) || partitions.includes(home),
    );
    for (const answer of await Promise.all(holders.map((one) => peers.ask(one, question, "copy"))))
      if (answer.kind === "found") return answer;
    return current;
  }

  #others(): KnownInstance[] {
    const { book } = this.#options;
    return book.instances().filter((instance) => nameOf(instance) !== book.self);
  }
}
