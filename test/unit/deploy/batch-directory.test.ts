import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BatchPlace,
  batchPath,
  batchPlace,
  newestBatch,
  OpenBatch,
  removePartialBatches,
} from "../../../deploy/cli/batch-directory.js";
import { positionAt } from "../../../shared/kafka/topic-partition.js";

const SUMMARY = { topic: "t", topicId: "id", positions: [2, 0, 1].map(positionAt) };

describe("a batch directory", () => {
  let folder: string;
  let place: BatchPlace;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "regatta-batch-"));
    place = batchPlace(join(folder, "out"), "txt");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (where: BatchPlace, time: number) => new OpenBatch(where, time, 3).complete(SUMMARY);

  it("has Spark's names: prefix, time, suffix, and a part for each partition", () => {
    const batch = new OpenBatch(place, 10_000, 3);
    batch.append(0, ["a", "b"]);
    batch.append(2, ["c"]);
    batch.append(0, ["d"]);
    batch.complete(SUMMARY);
    assert.deepEqual(readdirSync(folder), ["out-10000.txt"]);
    const path = join(folder, "out-10000.txt");
    assert.deepEqual(readdirSync(path).sort(), ["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
    assert.equal(readFileSync(join(path, "part-00000"), "utf8"), "a\nb\nd\n");
    assert.equal(readFileSync(join(path, "part-00001"), "utf8"), "");
    assert.equal(readFileSync(join(path, "part-00002"), "utf8"), "c\n");
  });

  it("has parts of partitions that were added while it was open", () => {
    const batch = new OpenBatch(place, 10_000, 1);
    batch.append(0, ["a"]);
    batch.grow(3);
    batch.append(2, ["b"]);
    batch.complete(SUMMARY);
    const path = join(folder, "out-10000.txt");
    assert.deepEqual(
      ["part-00000", "part-00001", "part-00002"].map((part) => readFileSync(join(path, part), "utf8")),
      ["a\n", "", "b\n"],
    );
  });

  it("needs no suffix", () => {
    write(batchPlace(join(folder, "out"), undefined), 10_000);
    assert.deepEqual(readdirSync(folder), ["out-10000"]);
  });

  it("is seen by nobody before it is complete", () => {
    new OpenBatch(place, 10_000, 3).append(0, ["a"]);
    assert.deepEqual(
      readdirSync(folder).filter((entry) => !entry.startsWith(".")),
      [],
    );
    assert.equal(newestBatch(place), undefined);
  });

  it("tells who comes next where to go on, and how many records it holds", () => {
    const batch = new OpenBatch(place, 10_000, 3);
    batch.append(1, ["a", "b"]);
    const saved = batch.complete(SUMMARY);
    assert.deepEqual(saved.summary, { ...SUMMARY, format: 1, records: 2 });
    assert.deepEqual(newestBatch(place), saved);
  });

  it("is the newest by its time, not by its name's letters", () => {
    write(place, 9000);
    write(place, 10_000);
    assert.equal(newestBatch(place)?.time, 10_000);
  });

  it("of another prefix or suffix is another's", () => {
    write(batchPlace(join(folder, "out"), undefined), 10_000);
    write(batchPlace(join(folder, "out"), "csv"), 20_000);
    write(batchPlace(join(folder, "out-1"), "txt"), 30_000);
    write(batchPlace(join(folder, "other"), "txt"), 40_000);
    assert.equal(newestBatch(place), undefined);
    assert.equal(newestBatch(batchPlace(join(folder, "out"), undefined))?.time, 10_000);
  });

  it("that died half written is removed, and no other", () => {
    new OpenBatch(place, 20_000, 3).append(0, ["a"]);
    new OpenBatch(batchPlace(join(folder, "out"), "csv"), 20_000, 3);
    write(place, 10_000);
    mkdirSync(join(folder, ".out-notes.txt.partial"));
    removePartialBatches(place);
    assert.deepEqual(readdirSync(folder).sort(), [".out-20000.csv.partial", ".out-notes.txt.partial", "out-10000.txt"]);
  });

  it("takes the place of no other directory", () => {
    write(place, 10_000);
    const second = new OpenBatch(place, 10_000, 3);
    assert.throws(() => second.complete(SUMMARY), { code: "ENOTEMPTY" });
  });

  it("is refused as a place to go on from where its _SUCCESS is missing, empty or something else", () => {
    const path = batchPath(place, 20_000);
    write(place, 10_000);
    mkdirSync(path);
    const refused = { message: /out-20000\.txt\/_SUCCESS.*Move the directory away or take another --prefix/ };
    assert.throws(() => newestBatch(place), refused);
    for (const text of ["", "{}", '{"format":1,"topic":"t","topicId":"id","records":1,"positions":[-1]}']) {
      writeFileSync(join(path, "_SUCCESS"), text);
      assert.throws(() => newestBatch(place), refused);
    }
  });

  it("refuses lines of a partition that it has no part for", () => {
    assert.throws(() => new OpenBatch(place, 10_000, 3).append(3, ["a"]), RangeError);
  });
});
