import assert from "node:assert/strict";
import type { Answer, Hop } from "../../../../shared/kernel/observe/answer.js";
import { Asking } from "../../../../shared/kernel/observe/asking.js";
import type { Question } from "../../../../shared/kernel/observe/question.js";
import type { KnownInstance } from "../../../../shared/kernel/observe/running-parts.js";
import { partitionOfKey } from "../../../../shared/partitioner.js";

const TASKS = 3;
const SERIES = "s1";
const HOME = partitionOfKey(Buffer.from(SERIES), TASKS);
const [OTHER, THIRD] = [0, 1, 2].filter((partition) => partition !== HOME);
const QUESTION: Question = { kind: "series", topic: "t", series: SERIES, rows: 10 };

/** What each partition has at an instance; undefined where it runs there and has nothing of the series. */
type Partitions = Readonly<Record<number, string | undefined>>;

interface Host {
  readonly owns?: Partitions;
  /** Claimed, and not running. */
  readonly restores?: readonly number[];
  readonly copies?: Partitions;
  readonly isDown?: boolean;
}

/** Instances as {@link Asking} sees them: each answers of itself as own-state.ts does. */
class Hosts {
  readonly asked: string[] = [];
  readonly #hosts: Readonly<Record<string, Host>>;

  constructor(hosts: Readonly<Record<string, Host>>) {
    this.#hosts = hosts;
  }

  /** The answer that instance `host` gives. */
  answer(host: string, stale = false, hop?: Hop): Promise<Answer> {
    const known = Object.entries(this.#hosts).map(([name, { owns = {}, restores = [], copies = {} }]) => ({
      host: name,
      slot: 0,
      partitions: [...Object.keys(owns).map(Number), ...restores],
      copies: Object.keys(copies).map(Number),
    }));
    const asking = new Asking({
      own: {
        inputOf: () => undefined,
        at: (partition) => this.#own(host, "home", partition),
        all: () => this.#own(host, "all"),
        copy: (partition) => this.#own(host, "copy", partition),
      },
      peers: {
        ask: async ({ host: asked }: KnownInstance, _, what) => {
          this.asked.push(`${host} asks ${asked} for ${what}`);
          if (this.#hosts[asked].isDown) return { kind: "unavailable", reason: `${asked} is down` };
          return this.#own(asked, what, HOME);
        },
      },
      book: {
        self: `${host}/0`,
        instances: () => known,
        owner: (partition) => known.find(({ partitions }) => partitions.includes(partition)),
      },
      layout: { stores: [{ name: "race", slotted: false }], slots: {} },
      tasks: TASKS,
    });
    return asking.answer(QUESTION, { stale, hop });
  }

  #own(host: string, hop: Hop, partition = HOME): Answer {
    const { owns = {}, copies = {} } = this.#hosts[host];
    const found = (value: string, of: number) =>
      ({ kind: "found", value, partition: of, instance: `${host}/0` }) as const;
    if (hop === "copy") {
      const value = copies[partition];
      return value === undefined
        ? { kind: "none", searched: [] }
        : { ...found(value, partition), stale: { lagRecords: 3 } };
    }
    const partitions = hop === "home" ? [partition] : Object.keys(owns).map(Number);
    for (const one of partitions) {
      const value = owns[one];
      if (value !== undefined) return found(value, one);
    }
    if (partitions.every((one) => one in owns)) return { kind: "none", searched: partitions };
    return { kind: "unavailable", reason: `${host} does not run ${partition}` };
  }
}

describe("a question of a series", () => {
  it("is answered from here where this instance owns its partition, and nobody else is asked", async () => {
    const hosts = new Hosts({ a: { owns: { [HOME]: "here" } }, b: { owns: { [OTHER]: "there", [THIRD]: undefined } } });
    const answer = await hosts.answer("a");
    assert.deepEqual(answer, { kind: "found", value: "here", partition: HOME, instance: "a/0" });
    assert.deepEqual(hosts.asked, []);
  });

  it("is answered by its owner, who is asked once, wherever it is put", async () => {
    const hosts = new Hosts({ a: { owns: { [OTHER]: "wrong" } }, b: { owns: { [HOME]: "right" } } });
    assert.deepEqual(await hosts.answer("a"), { kind: "found", value: "right", partition: HOME, instance: "b/0" });
    assert.deepEqual(hosts.asked, ["a asks b for home"]);
  });

  it("that another instance asks is answered from here alone: nobody is asked in circles", async () => {
    const hosts = new Hosts({ a: { restores: [HOME] }, b: { owns: { [HOME]: "right" } } });
    for (const hop of ["home", "all", "copy"] as const) await hosts.answer("a", true, hop);
    assert.deepEqual(hosts.asked, []);
  });

  it("finds a series that lies in another partition than its key's", async () => {
    const hosts = new Hosts({
      a: { owns: { [HOME]: undefined } },
      b: { owns: { [OTHER]: undefined } },
      c: { owns: { [THIRD]: "misplaced" } },
    });
    for (const host of ["a", "b", "c"])
      assert.deepEqual(await hosts.answer(host), {
        kind: "found",
        value: "misplaced",
        partition: THIRD,
        instance: "c/0",
      });
  });

  it("says that there is no such series once every partition was searched, and not before", async () => {
    const all = { a: { owns: { [HOME]: undefined, [OTHER]: undefined } }, b: { owns: { [THIRD]: undefined } } };
    const none = await new Hosts(all).answer("a");
    assert.deepEqual(none.kind === "none" && [...none.searched].sort(), [0, 1, 2]);
    const some = await new Hosts({ ...all, b: { isDown: true, owns: { [THIRD]: undefined } } }).answer("a");
    assert.deepEqual(some, {
      kind: "unavailable",
      reason: `partition ${HOME}, where it belongs, has nothing, and nobody answers for partition ${THIRD}; b is down`,
    });
  });

  it("is not answered while its partition is restored, by a copy or another partition of that name either", async () => {
    const hosts = new Hosts({
      a: { owns: { [OTHER]: "another" } },
      b: { restores: [HOME] },
      c: { copies: { [HOME]: "old" } },
    });
    for (const host of ["a", "b", "c"])
      assert.deepEqual(await hosts.answer(host), { kind: "unavailable", reason: `b does not run ${HOME}` });
    assert.equal((await new Hosts({ a: {} }).answer("a")).kind, "unavailable");
  });

  it("is answered by a copy then, where that is asked for", async () => {
    const hosts = new Hosts({ a: {}, b: { restores: [HOME] }, c: { copies: { [HOME]: "old" } } });
    const copy = { kind: "found", value: "old", partition: HOME, instance: "c/0", stale: { lagRecords: 3 } };
    for (const host of ["a", "b", "c"]) assert.deepEqual(await hosts.answer(host, true), copy);
    const current = new Hosts({ b: { owns: { [HOME]: "new" } }, c: { copies: { [HOME]: "old" } } });
    assert.equal((await current.answer("c", true)).kind === "found" && current.asked.at(-1), "c asks b for home");
    assert.deepEqual(await new Hosts({ a: {}, b: { restores: [HOME] } }).answer("a", true), {
      kind: "unavailable",
      reason: `b does not run ${HOME}`,
    });
  });
});
