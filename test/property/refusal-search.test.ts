import assert from "node:assert/strict";
import fc from "fast-check";
import { RefusalSearch } from "../../shared/kernel/loop/refusal-search.js";
import { holds } from "../support/property.js";

const RECORDS_MAX = 400;

/** Kafka and the loop, as far as the search is concerned. */
class Log {
  readonly rejected: string[] = [];
  transactions = 0;
  readonly #search = new RefusalSearch();
  readonly #lines: { readonly key: string; readonly bad: readonly boolean[]; committed: number }[];

  constructor(bad: readonly (readonly boolean[])[]) {
    this.#lines = bad.map((line, k) => ({ key: `line ${k}`, bad: line, committed: 0 }));
  }

  /** One transaction. @param order which line is read next, each time; lines that have nothing are passed over */
  turn(order: () => number): void {
    this.transactions++;
    const positions = new Map(this.#lines.map(({ key, committed }) => [key, committed]));
    let records = 0;
    let last = "";
    let isBad = false;
    const position = (key: string) => positions.get(key) ?? 0;
    while (records < this.#search.span) {
      const ready = this.#lines.filter(
        ({ key, bad }) => position(key) < bad.length && this.#search.admits(key, position(key)),
      );
      if (ready.length === 0) break;
      const { key, bad } = ready[order() % ready.length];
      const place = position(key);
      last = `${key}@${place}`;
      isBad ||= bad[place] && !this.rejected.includes(last);
      positions.set(key, place + 1);
      records++;
    }
    if (records === 0) return;
    if (isBad) {
      const suspects = this.#lines
        .filter(({ key, committed }) => position(key) > committed)
        .map(({ key }) => ({ key, end: position(key) }));
      if (this.#search.refused(records, suspects)) this.rejected.push(last);
      return;
    }
    for (const line of this.#lines) line.committed = position(line.key);
    this.#search.committed(records, (key) => positions.get(key));
  }

  get isDone(): boolean {
    return this.#lines.every(({ bad, committed }) => committed === bad.length);
  }
}

describe("the search for records whose output is refused", () => {
  const lines = (share: number) =>
    fc.array(
      fc.array(
        fc.integer({ min: 1, max: 100 }).map((number) => number <= share),
        { maxLength: RECORDS_MAX / 4 },
      ),
      { minLength: 1, maxLength: 4 },
    );

  for (const share of [1, 5, 50, 100]) {
    it(`rejects these and no other, of partitions read in any order, in few transactions: ${share} % are refused`, () => {
      holds(
        fc.property(lines(share), fc.infiniteStream(fc.nat(3)), (bad, orders) => {
          const log = new Log(bad);
          const count = bad.flat().filter(Boolean).length;
          // For each: a search by halves, then the records taken alone, then the growth.
          const bound = 4 + count * (2 * Math.ceil(Math.log2(RECORDS_MAX)) + 20) + Math.ceil(Math.log2(RECORDS_MAX));
          while (!log.isDone && log.transactions <= bound) log.turn(() => orders.next().value);
          assert.ok(log.isDone, `${log.transactions} transactions were not enough for ${count}`);
          const expected = bad.flatMap((line, k) => line.flatMap((is, place) => (is ? [`line ${k}@${place}`] : [])));
          assert.deepEqual([...log.rejected].sort(), expected.sort());
        }),
      );
    });
  }

  it("ends where what was refused is taken at the second time", () => {
    const search = new RefusalSearch();
    assert.equal(search.refused(100, [{ key: "a", end: 100 }]), false);
    assert.equal(search.span, 50);
    assert.equal(search.admits("a", 99), true);
    assert.equal(search.admits("a", 100), false);
    assert.equal(search.admits("b", 0), false);
    assert.equal(
      search.committed(50, () => 50),
      false,
    );
    assert.equal(search.span, 25);
    assert.equal(
      search.committed(50, () => 100),
      true,
    );
    assert.equal(search.admits("b", 0), true);
  });

  it("ends where the partition at hand is given up", () => {
    const search = new RefusalSearch();
    assert.equal(search.refused(8, [{ key: "a", end: 8 }]), false);
    assert.equal(search.forget(), true);
    assert.equal(search.admits("b", 0), true);
    assert.equal(search.forget(), false);
  });
});
