import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { LevelDbStore } from "../../../../shared/kernel/store/leveldb-store.js";
import { PackedMemory, placeBytes } from "../../../../shared/kernel/store/packed-memory.js";
import { PackedStore } from "../../../../shared/kernel/store/packed-store.js";
import { StateMemory } from "../../../../shared/kernel/store/state-memory.js";
import type { PackedCodec, PackedValue } from "../../../../shared/service-definition.js";
import { EMPTY_MANIFEST } from "../../../support/data/empty-manifest.js";

const FORMAT = 3;
const MIB = 1024 * 1024;
/** Two doubles; format 2 had one, as an integer. */
const codec: PackedCodec = {
  packed: true,
  format: FORMAT,
  check(body) {
    if (body.length !== 16) throw new RangeError(`expected 16 bytes, got ${body.length}`);
  },
  older: {
    2: (stored) => {
      const body = Buffer.alloc(16);
      body.writeDoubleLE(stored.readInt32LE(), 0);
      return body;
    },
  },
  toJson: ({ doubles, at }) => [doubles[at], doubles[at + 1]],
};

const storedOf = (...bytes: readonly Buffer[]): Buffer => {
  const rest = Buffer.concat(bytes);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(crc32(rest));
  return Buffer.concat([head, rest]);
};
const doublesOf = (...numbers: readonly number[]) => Buffer.from(Float64Array.from(numbers).buffer);
/** A value of {@link FORMAT} in its short form: the bytes of its body, bits, and the words that stand in it. */
const shortOf = (length: number, bits: number, ...words: readonly number[]) =>
  storedOf(Buffer.of(FORMAT, 2, 0, 0), Buffer.from(Uint32Array.of(length, bits).buffer), doublesOf(...words));

describe("a packed store", () => {
  let directory: string;
  let db: LevelDbStore;
  let memory: StateMemory;
  let store: PackedStore;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-packed-"));
    db = await LevelDbStore.open(directory);
    renew(MIB);
  });
  afterEach(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });

  function renew(cacheBytes: number): void {
    memory = new StateMemory(cacheBytes, 1000);
    store = new PackedStore("pairs", codec, db, memory);
  }

  function set(key: string, a: number, b: number): void {
    const value = store.get(key) ?? store.create(key, 16);
    store.touch(value);
    value.doubles[value.at] = a;
    value.doubles[value.at + 1] = b;
  }

  const get = (key: string) => {
    const value = store.get(key);
    return value && [value.doubles[value.at], value.doubles[value.at + 1]];
  };

  function commit(): void {
    store.seal();
    store.committed();
  }

  async function save(): Promise<void> {
    store.beginPass();
    await db.write(store.takeUnsaved(Number.POSITIVE_INFINITY), EMPTY_MANIFEST);
    store.landed();
  }

  it("logs a value as checksum, format, kind, two zeros and body, also where another lay before", () => {
    set("t/old", Number.NaN, -1);
    store.delete("t/old");
    set("t/s", 1, 2);
    const [, { key, value }] = store.seal();
    assert.equal(key, "t/s");
    assert.deepEqual(value, storedOf(Buffer.of(FORMAT, 0, 0, 0), doublesOf(1, 2)));
  });

  it("logs and saves a value short where that saves a quarter of its bytes, and reads it from either", async () => {
    set("t/s", 0, 0);
    set("t/whole", 7, 7);
    const writes = store.seal();
    assert.deepEqual(
      writes.map(({ value }) => value),
      [shortOf(16, 0), storedOf(Buffer.of(FORMAT, 0, 0, 0), doublesOf(7, 7))],
    );
    store.committed();
    assert.deepEqual([store.stored("t/s"), store.inspect("t/s")], [shortOf(16, 0), [0, 0]]);
    await save();
    assert.deepEqual(db.get("pairs", "t/s"), shortOf(16, 0));
    renew(MIB);
    assert.deepEqual(
      [store.inspect("t/s"), get("t/s"), get("t/whole")],
      [
        [0, 0],
        [0, 0],
        [7, 7],
      ],
    );
    renew(MIB);
    store.applyLogged("t/s", shortOf(16, 0b10, -0));
    store.applyLogged("t/t", shortOf(16, 0b01, 5));
    assert.deepEqual(
      [get("t/s"), get("t/t")],
      [
        [0, -0],
        [5, 5],
      ],
    );
  });

  it("keeps what a commit and a pass have made of short values while others are made and read", async () => {
    for (let k = 0; k < 20; k++) store.create(`t/${k}`, 16);
    const writes = store.seal();
    for (let k = 0; k < 20; k++) assert.deepEqual(writes[k], { store: "pairs", key: `t/${k}`, value: shortOf(16, 0) });
    store.committed();
    for (let k = 0; k < 10; k++) set(`t/${k}`, k, 1);
    store.seal();
    store.beginPass();
    const taken = store.takeUnsaved(Number.POSITIVE_INFINITY);
    for (const { key, value } of taken) assert.deepEqual(value, shortOf(16, 0), key);
    store.discard();
    assert.deepEqual(get("t/3"), [0, 0]);
  });

  it("converts a value of an older format when it is read, and writes today's when it changes", async () => {
    const old = storedOf(Buffer.of(2), Buffer.from(Int32Array.of(-7).buffer));
    await db.write([{ store: "pairs", key: "t/s", value: old }], EMPTY_MANIFEST);
    assert.deepEqual(get("t/s"), [-7, 0]);
    assert.deepEqual(store.inspect("t/s"), [-7, 0]);
    assert.deepEqual(store.seal(), []);
    set("t/s", -8, 1);
    commit();
    await save();
    assert.deepEqual(db.get("pairs", "t/s"), storedOf(Buffer.of(FORMAT, 0, 0, 0), doublesOf(-8, 1)));
  });

  const faults: readonly [string, Buffer, RegExp][] = [
    [
      "a checksum that does not match",
      Buffer.concat([Buffer.alloc(4), Buffer.of(3, 0, 0, 0), doublesOf(1, 2)]),
      /checksum/,
    ],
    ["too few bytes", Buffer.of(1, 2), /at least 5 bytes/],
    ["another layout", storedOf(Buffer.of(FORMAT, 0, 0, 0), doublesOf(1)), /cannot be read/],
    [
      "a step, which stands in changelogs only",
      storedOf(Buffer.of(FORMAT, 1, 0, 0), doublesOf(1, 2)),
      /cannot be read/,
    ],
    ["a short value that lacks a word", shortOf(16, 0b11, 1), /cannot be read/],
    ["a short value that has a word too many", shortOf(16, 0b01, 1, 2), /cannot be read/],
    ["a short value whose bits are of other words", shortOf(16, 0b100, 1), /cannot be read/],
    ["a short value whose body is too long", shortOf(2 ** 32 - 1, 0b01, 1), /cannot be read/],
    ["a short value without a length", storedOf(Buffer.of(FORMAT, 2, 0, 0)), /cannot be read/],
    ["a short value of another layout", shortOf(24, 0), /cannot be read/],
    ["a value of no kind", storedOf(Buffer.of(FORMAT, 3, 0, 0), doublesOf(1, 2)), /cannot be read/],
    ["an older value that cannot be converted", storedOf(Buffer.of(2, 1)), /cannot be read/],
  ];
  for (const [what, bytes, message] of faults) {
    it(`takes the folder for damaged at ${what}`, async () => {
      await db.write([{ store: "pairs", key: "t/s", value: bytes }], EMPTY_MANIFEST);
      assert.throws(() => store.get("t/s"), { name: "ValueDamagedError", message });
    });
  }

  it("refuses a format that it has no reader of", async () => {
    const newer = storedOf(Buffer.of(4, 0, 0, 0), doublesOf(1, 2));
    await db.write([{ store: "pairs", key: "t/s", value: newer }], EMPTY_MANIFEST);
    assert.throws(() => store.get("t/s"), { name: "StoreError", message: /of format 4, this program reads up to 3/ });
  });

  it("tells of keys that have no value", () => {
    const missing: string[] = [];
    store.onMissing = (key) => missing.push(key);
    store.get("t/none");
    set("t/s", 1, 2);
    store.get("t/s");
    assert.deepEqual(missing, ["t/none", "t/s"]);
  });

  it("puts back what a record has changed twice, replaced or deleted, and what was sealed before", async () => {
    set("t/a", 1, 1);
    set("t/b", 1, 1);
    commit();
    set("t/a", 2, 2);
    store.delete("t/b");
    store.seal();
    store.create("t/a", 16);
    set("t/b", 3, 3);
    set("t/c", 3, 3);
    store.discard();
    assert.deepEqual([get("t/a"), get("t/b"), get("t/c")], [[1, 1], [1, 1], undefined]);
    assert.deepEqual([memory.changedBytes, store.seal()], [0, []]);
  });

  it("holds no more than its bound of what is in the folder, whatever the values' sizes are", async () => {
    const bound = 4 * MIB;
    renew(bound);
    for (const [round, size] of [16, 16].entries()) {
      for (let k = 0; k < 30_000; k++) {
        set(`t/${round}-${k}`, k, size);
        if (k % 2000 !== 1999) continue;
        commit();
        await save();
        commit();
        assert.ok(memory.cachedBytes <= bound, `${memory.cachedBytes}`);
      }
    }
    assert.ok(memory.packed.memoryBytes <= bound, `${memory.packed.memoryBytes}`);
    assert.deepEqual(
      [get("t/0-0"), get("t/1-29999")],
      [
        [0, 16],
        [29_999, 16],
      ],
    );
  });

  it("keeps what is used again and again, and lets go what was used once", async () => {
    renew(300_000);
    set("t/hot", 1, 1);
    commit();
    await save();
    let reads = 0;
    const read = db.get.bind(db);
    db.get = (name, key) => {
      if (key === "t/hot") reads++;
      return read(name, key);
    };
    for (let k = 0; k < 5000; k++) {
      set(`t/${k}`, k, k);
      store.get("t/hot");
      if (k % 100 !== 0) continue;
      commit();
      await save();
    }
    assert.equal(reads, 0);
  });

  it("counts new values among what is changed, so that a commit comes before they fill the memory", () => {
    for (let k = 0; k < 3; k++) store.create(`t/${k}`, 160);
    assert.ok(memory.changedBytes >= 3 * 160, `${memory.changedBytes} bytes`);
    assert.ok(memory.isFull);
    store.seal();
    assert.equal(memory.isFull, false);
    store.committed();
    assert.equal(memory.changedBytes, 0);
    store.create("t/0", 240);
    assert.ok(memory.changedBytes >= 160 + 240, `${memory.changedBytes} bytes`);
    store.discard();
    assert.equal(memory.changedBytes, 0);
  });

  it("gives all memory back when it is closed", () => {
    set("t/a", 1, 1);
    commit();
    set("t/a", 2, 2);
    store.seal();
    set("t/b", 1, 1);
    store.close();
    assert.deepEqual(
      [memory.cachedBytes, memory.changedBytes, memory.unsavedBytes, memory.packed.memory.usedBytes],
      [0, 0, 0, 0],
    );
  });
});

describe("the memory of packed values", () => {
  it("has places that are multiples of a double, and lose a sixteenth at most", () => {
    for (let bytes = 1; bytes < 20_000; bytes++) {
      const place = placeBytes(bytes);
      assert.ok(place >= bytes && place % 8 === 0 && place - bytes < Math.max(8, bytes / 16 + 1), `${bytes}: ${place}`);
    }
  });

  it("serves other sizes with the chunks of values that are gone", () => {
    const memory = new PackedMemory();
    for (const size of [100, 1000, 5000, 260_000, 24]) {
      const taken = Array.from({ length: Math.floor((3 * MIB) / size) }, () => {
        const chunk = memory.chunkFor(size);
        return { chunk, at: memory.take(chunk) };
      });
      const places = new Set(taken.map(({ chunk, at }) => `${chunk.bytes.buffer.byteLength} ${at}`));
      assert.ok(places.size > 0 && memory.usedBytes >= 2.9 * MIB);
      assert.ok(memory.bytes <= 5 * MIB, `${size}: ${memory.bytes}`);
      for (const { chunk, at } of taken) memory.give(chunk, at);
      assert.equal(memory.usedBytes, 0);
    }
  });

  it("gives a large value a chunk of its own, which the next of its size takes over", () => {
    const memory = new PackedMemory();
    const large = () => {
      const chunk = memory.chunkFor(3 * MIB);
      return { chunk, at: memory.take(chunk) };
    };
    const [first, second, third] = [large(), large(), large()];
    assert.ok(first.chunk.bytes.length >= 3 * MIB && first.at === 0);
    assert.equal(new Set([first.chunk, second.chunk, third.chunk]).size, 3);
    for (const { chunk, at } of [first, second, third]) memory.give(chunk, at);
    // The longest unused was given back, since no more than 8 MiB are kept.
    assert.deepEqual([memory.bytes, memory.usedBytes], [6 * MIB, 0]);
    assert.deepEqual(new Set([large().chunk, large().chunk]), new Set([second.chunk, third.chunk]));
    assert.notEqual(memory.chunkFor(4 * MIB), second.chunk);
  });
});

describe("a packed store whose steps are numbered", () => {
  const MAX = 4;
  /** A count, and the newest steps; the sum of all is what they build on one another. */
  const stepped: PackedCodec = {
    packed: true,
    format: 1,
    check: () => {},
    toJson: ({ doubles, at }) => [doubles[at], doubles[at + 1]],
    steps: {
      max: MAX,
      count: ({ doubles, at }) => doubles[at],
      bytes: () => 16,
      write({ doubles, at }, step, out, to) {
        out.writeDoubleLE(step, to);
        return out.writeDoubleLE(doubles[at + 2 + (step % MAX)], to + 8) - to;
      },
      apply({ doubles, at }, step) {
        const number = step.readDoubleLE(0);
        if (number < doubles[at]) return false;
        if (number > doubles[at]) throw new RangeError(`expected step ${doubles[at]}, got ${number}`);
        learn({ doubles, at }, step.readDoubleLE(8));
        return true;
      },
    },
  };
  function learn({ doubles, at }: { readonly doubles: Float64Array; readonly at: number }, y: number): void {
    doubles[at + 2 + (doubles[at] % MAX)] = y;
    doubles[at]++;
    doubles[at + 1] += y;
  }

  let directory: string;
  let db: LevelDbStore;
  let store: PackedStore;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "regatta-packed-"));
    db = await LevelDbStore.open(directory);
    store = newStore();
  });
  afterEach(async () => {
    await db.close();
    rmSync(directory, { recursive: true });
  });

  const newStore = () => new PackedStore("sums", stepped, db, new StateMemory(MIB, 1000));

  function add(key: string, ...values: readonly number[]): void {
    const value = store.get(key) ?? store.create(key, 8 * (2 + MAX));
    for (const y of values) {
      store.touch(value);
      learn(value, y);
    }
  }

  function commit() {
    const log = store.seal().map(({ key, value }) => ({ key, value: value && Buffer.from(value) }));
    store.committed();
    return log;
  }

  it("logs a whole value first, then its steps under keys of their own, and a whole value again", () => {
    const keys: string[][] = [];
    for (let k = 0; k < 8; k++) {
      add("t/s/1", k);
      keys.push(commit().map(({ key }) => key));
    }
    assert.deepEqual(keys, [
      ["t/s/1"],
      ["/1/t/s/1"],
      ["/2/t/s/1"],
      ["/3/t/s/1"],
      ["/0/t/s/1"],
      ["t/s/1"],
      ["/2/t/s/1"],
      ["/3/t/s/1"],
    ]);
  });

  it("logs the whole value after an abort, a load, another creation, many steps, and a change that is no step", () => {
    const isWhole = () =>
      assert.deepEqual(
        commit().map(({ key }) => key),
        ["t/s"],
      );
    add("t/s", 1);
    isWhole();
    add("t/s", 2);
    store.seal();
    store.discard();
    add("t/s", 2);
    isWhole();
    add("t/s", 1, 2, 3, 4, 5);
    isWhole();
    const value = store.get("t/s");
    assert.ok(value);
    store.touch(value);
    value.doubles[value.at + 1] = 0;
    isWhole();
    store.create("t/s", 8 * (2 + MAX));
    isWhole();
  });

  it("is the same when it is made from its log, with or without what compaction removes", () => {
    const log: { key: string; value: Buffer | undefined }[] = [];
    for (let k = 0; k < 23; k++) {
      add("t/a", k, 2 * k);
      if (k % 3 === 0) add("t/b", 0.1 * k);
      log.push(...commit());
    }
    const expected = ["t/a", "t/b"].map((key) => store.stored(key));
    for (const compacted of [0, 10, log.length]) {
      const newest = new Map(log.slice(0, compacted).map((record) => [record.key, record]));
      const left = log.filter((record, n) => n >= compacted || newest.get(record.key) === record);
      store = newStore();
      for (const { key, value } of left) store.applyLogged(key, value);
      store.endRestore();
      assert.deepEqual(
        ["t/a", "t/b"].map((key) => store.stored(key)),
        expected,
        `${compacted}`,
      );
      // A folder that is ahead takes the same records again.
      for (const { key, value } of left) store.applyLogged(key, value);
      store.endRestore();
      assert.deepEqual(
        ["t/a", "t/b"].map((key) => store.stored(key)),
        expected,
        `${compacted}, twice`,
      );
    }
  });

  it("refuses a log that lacks what its steps build on", () => {
    add("t/s", 1);
    const [whole] = commit();
    add("t/s", 2);
    const [second] = commit();
    add("t/s", 3);
    const [third] = commit();
    store = newStore();
    store.applyLogged(whole.key, whole.value);
    store.applyLogged(third.key, third.value);
    assert.throws(() => store.endRestore(), { name: "StoreError", message: /steps of t\/s/ });
    store.applyLogged(whole.key, whole.value);
    store.applyLogged(second.key, second.value);
    store.applyLogged(third.key, third.value);
    store.endRestore();
    assert.deepEqual(store.inspect("t/s"), [3, 6]);
  });

  it("does steps of an older format again by its own arithmetic, and refuses those of one that it does not read", () => {
    // So many numbers that no two in a row are equal: what older programs wrote was never short.
    add("t/s", 1, 2, 3, 4, 5);
    const [whole] = commit();
    add("t/s", 6);
    const [step] = commit();
    const steps = stepped.steps;
    assert.ok(steps);
    const reader = (older: PackedCodec["older"], olderSteps: typeof steps.older) => {
      const codec = {
        ...stepped,
        format: 2,
        ...(older && { older }),
        steps: { ...steps, ...(olderSteps && { older: olderSteps }) },
      };
      const read = new PackedStore("sums", codec, db, new StateMemory(MIB, 1000));
      read.applyLogged(whole.key, whole.value);
      read.applyLogged(step.key, step.value);
      read.endRestore();
      return read.inspect("t/s");
    };
    const wholeOfFormat1 = { 1: (stored: Buffer) => stored.subarray(3) };
    const tenfold = (value: PackedValue, body: Buffer) => {
      learn(value, 10 * body.readDoubleLE(8));
      return true;
    };
    assert.deepEqual(reader(wholeOfFormat1, { 1: tenfold }), [6, 75]);
    assert.throws(() => reader(wholeOfFormat1, undefined), { name: "StoreError", message: /t\/s is of format 1/ });
  });

  it("deletes the steps with the value, and leaves a series alone whose name is like one", () => {
    add("t/s", 1);
    add("t/1/t/s", 5);
    commit();
    store.delete("t/s");
    const log = commit();
    assert.deepEqual(
      log.map(({ key }) => key),
      ["t/s", "/0/t/s", "/1/t/s", "/2/t/s", "/3/t/s"],
    );
    for (const { key, value } of log) store.applyLogged(key, value);
    assert.deepEqual([store.get("t/s"), store.inspect("t/1/t/s")], [undefined, [1, 5]]);
  });
});
