import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { positionAt } from "../../shared/kafka/topic-partition.js";
import { BufferedStore } from "../../shared/kernel/store/buffered-store.js";
import { LevelDbStore, type StoreWrite } from "../../shared/kernel/store/leveldb-store.js";
import type { Manifest } from "../../shared/kernel/store/manifest.js";
import { PackedStore } from "../../shared/kernel/store/packed-store.js";
import { StateMemory } from "../../shared/kernel/store/state-memory.js";
import { TaskFolder } from "../../shared/kernel/task/task-folder.js";
import type { Codec, PackedCodec } from "../../shared/service-definition.js";
import { EMPTY_MANIFEST } from "../support/data/empty-manifest.js";
import { integer, type Random } from "../support/data/random-stream.js";
import { seededRandom } from "../support/seed.js";

const SEQUENCES = 5;
const STEPS = 400;
const KEYS = 30;
const LENGTHS = 40;
/** Numbers of which values have so many in a row that they are stored short. */
const RUNS = [0, -0, Number.NaN, 1.5];

/** A value: its numbers. In a packed store they are its doubles. */
type Numbers = readonly number[];

interface Subject {
  /** Makes the store over a folder; the former one is forgotten. */
  open(db: LevelDbStore, memory: StateMemory): PackedStore | BufferedStore<{ numbers: number[] }>;
  get(key: string): Numbers | undefined;
  set(key: string, numbers: Numbers, inPlace: boolean): void;
  delete(key: string): void;
}

const packedCodec: PackedCodec = {
  packed: true,
  format: 7,
  check(body) {
    if (body.length % 8 !== 0) throw new RangeError(`expected doubles, got ${body.length} bytes`);
  },
  toJson: ({ doubles, at, length }) => [...doubles.subarray(at, at + length / 8)],
};

const liveCodec: Codec<{ numbers: number[] }> = {
  format: 7,
  encode: ({ numbers }) => Buffer.from(Float64Array.from(numbers).buffer),
  bytes: ({ numbers }) => 8 * numbers.length,
  decode: (bytes) => ({ numbers: Array.from({ length: bytes.length / 8 }, (_, k) => bytes.readDoubleLE(8 * k)) }),
  toJson: ({ numbers }) => numbers,
};

function packedSubject(): Subject {
  let store: PackedStore;
  return {
    open: (db, memory) => (store = new PackedStore("values", packedCodec, db, memory)),
    get(key) {
      const value = store.get(key);
      return value && [...value.doubles.subarray(value.at, value.at + value.length / 8)];
    },
    set(key, numbers, inPlace) {
      let value = store.get(key);
      if (inPlace && value?.length === 8 * numbers.length) store.touch(value);
      else value = store.create(key, 8 * numbers.length);
      assert.equal(value.doubles.length * 8, value.bytes.length);
      value.doubles.set(numbers, value.at);
    },
    delete: (key) => store.delete(key),
  };
}

function liveSubject(): Subject {
  let store: BufferedStore<{ numbers: number[] }>;
  return {
    open: (db, memory) => (store = new BufferedStore("values", liveCodec, db, memory)),
    get: (key) => store.get(key)?.numbers,
    set(key, numbers, inPlace) {
      const value = inPlace ? store.get(key) : undefined;
      if (value === undefined) return store.put(key, { numbers: [...numbers] });
      value.numbers = [...numbers];
      store.put(key, value);
    },
    delete: (key) => store.delete(key),
  };
}

/** What the store is to have: plain maps, and the log of all commits. */
class Model {
  committed = new Map<string, Numbers>();
  sealed: Map<string, Numbers> | undefined;
  open = new Map<string, Numbers>();
  readonly log: (readonly StoreWrite[])[] = [];
}

/** A folder of which every pass takes several pieces, and what it is to have. */
class Run {
  readonly model = new Model();
  readonly #subject: Subject;
  readonly #random: Random;
  readonly #directory: string;
  readonly #cacheBytes: number;
  memory: StateMemory;
  folder: TaskFolder | undefined;
  #passes: Promise<void>[] = [];
  #sealedWrites: readonly StoreWrite[] = [];

  constructor(subject: Subject, random: Random, directory: string, cacheBytes: number) {
    this.#subject = subject;
    this.#random = random;
    this.#directory = directory;
    this.#cacheBytes = cacheBytes;
    this.memory = new StateMemory(cacheBytes, 1e9);
  }

  /** Opens the folder, and restores what it lacks as a task does. */
  async open(): Promise<void> {
    const { log } = this.model;
    const db = await LevelDbStore.open(this.#directory);
    const manifest = db.manifest();
    this.memory = new StateMemory(this.#cacheBytes, 1e9);
    const folder = new TaskFolder(db, [this.#subject.open(db, this.memory)], manifest, undefined, { pieceBytes: 300 });
    this.folder = folder;
    const position = manifest?.positions.in ?? 0;
    if (position === log.length && !folder.isAhead) return;
    for (const writes of log.slice(position)) {
      folder.applyLogged(writes);
      if (this.#random() < 0.2) await folder.save();
      // A restore that is cut short begins again.
      if (this.#random() < 0.05) return await this.crash();
    }
    folder.restored(manifestAt(log.length));
  }

  async step(): Promise<void> {
    const { model } = this;
    const random = this.#random;
    const key = `t/s${integer(random, 0, KEYS - 1)}`;
    const dice = random();
    if (dice < 0.5) {
      const before = model.open.get(key);
      const inPlace = random() < 0.7;
      const length = inPlace && before !== undefined ? before.length : integer(random, 1, LENGTHS);
      const isShort = random() < 0.5;
      const run = RUNS[integer(random, 0, RUNS.length - 1)];
      const numbers = Array.from({ length }, () => (isShort && random() < 0.9 ? run : random()));
      this.#subject.set(key, numbers, inPlace);
      model.open.set(key, numbers);
    } else if (dice < 0.58) {
      this.#subject.delete(key);
      model.open.delete(key);
    } else if (dice < 0.72) this.#seal();
    else if (dice < 0.84) this.#finish();
    else if (dice < 0.87) this.#abort();
    else if (dice < 0.93) this.#passes.push(this.#folder.save());
    else if (dice < 0.97) await setImmediate();
    else if (dice < 0.985) await this.crash();
    else await this.stop();
    assert.deepEqual(this.#subject.get(key), model.open.get(key));
  }

  /** The whole state. */
  async assertEqual(): Promise<void> {
    const { committed, open } = this.model;
    for (let k = 0; k < KEYS; k++) {
      const key = `t/s${k}`;
      assert.deepEqual(this.#subject.get(key), open.get(key), key);
      assert.deepEqual(this.#folder.stores[0].inspect(key), committed.get(key), key);
    }
    const inOrder = [...committed.keys()].sort();
    assert.deepEqual(await this.#folder.keys("values", 100), inOrder);
    assert.deepEqual(await this.#folder.keys("values", 3), inOrder.slice(0, 3));
  }

  /** Death: what is not in LevelDB is gone. */
  async crash(): Promise<void> {
    this.#abort();
    const { folder } = this;
    this.folder = undefined;
    // A piece that is on its way arrives, or does not.
    if (this.#random() < 0.5) await setImmediate();
    await folder?.abandon();
    await Promise.allSettled(this.#passes.splice(0));
    await this.open();
  }

  /** A clean stop: the next start finds all of it. */
  async stop(): Promise<void> {
    this.#finish();
    this.#abort();
    await this.#folder.close();
    await Promise.all(this.#passes.splice(0));
    assert.deepEqual([this.memory.unsavedBytes, this.memory.changedBytes, this.memory.packed.bytes], [0, 0, 0]);
    await this.open();
    const { manifest } = this.#folder;
    assert.equal(manifest?.positions.in ?? 0, this.model.log.length);
    assert.equal(manifest?.ahead, undefined);
  }

  get #folder(): TaskFolder {
    assert.ok(this.folder);
    return this.folder;
  }

  #seal(): void {
    if (this.model.sealed !== undefined) return;
    this.model.sealed = new Map(this.model.open);
    this.#sealedWrites = this.#folder
      .seal()
      .map((write) => ({ ...write, value: write.value && Buffer.from(write.value) }));
  }

  #finish(): void {
    const { sealed, log } = this.model;
    if (sealed === undefined) return;
    log.push(this.#sealedWrites);
    this.model.committed = sealed;
    this.model.sealed = undefined;
    this.#folder.committed(manifestAt(log.length));
  }

  #abort(): void {
    this.model.open = new Map(this.model.committed);
    this.model.sealed = undefined;
    this.folder?.discard();
  }
}

const manifestAt = (commits: number): Manifest => ({ ...EMPTY_MANIFEST, positions: { in: positionAt(commits) } });

const subjects: readonly [string, () => Subject][] = [
  ["packed values", packedSubject],
  ["live values", liveSubject],
];

for (const [name, subjectOf] of subjects) {
  for (const cacheBytes of [0, 4000, 1e6]) {
    describe(`a folder of ${name} with ${cacheBytes} bytes of cache`, () => {
      let directory: string;
      beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "regatta-folder-"));
      });
      afterEach(() => rmSync(directory, { recursive: true }));

      it("has what a plain map has, whatever is committed, aborted, saved, stopped or killed in between", async () => {
        const { random, seed } = seededRandom();
        console.log(`      seed ${seed}`);
        for (let sequence = 0; sequence < SEQUENCES; sequence++) {
          const run = new Run(subjectOf(), random, join(directory, String(sequence)), cacheBytes);
          await run.open();
          for (let step = 0; step < STEPS; step++) {
            await run.step();
            if (step % 50 === 0) await run.assertEqual();
          }
          await run.assertEqual();
          await run.stop();
          await run.assertEqual();
          await run.folder?.close();
        }
      });
    });
  }
}
