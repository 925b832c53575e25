import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeSlot } from "../../../../shared/kernel/store/slot.js";

describe("slots", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "regatta-slot-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const slotWith = (number: number, files: Readonly<Record<string, string>>) => {
    const folder = join(directory, "slots", String(number));
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  };

  it("are taken from the lowest, and again when they are free", async () => {
    const [first, second] = [await takeSlot(directory), await takeSlot(directory)];
    assert.deepEqual([first.number, second.number], [0, 1]);
    await first.release();
    const third = await takeSlot(directory);
    assert.equal(third.number, 0);
    await Promise.all([second.release(), third.release()]);
  });

  it("are taken though their folder was left half-made by a process that was killed", async () => {
    slotWith(0, { LOCK: "", LOG: "", "MANIFEST-000001": "" });
    const slot = await takeSlot(directory);
    assert.equal(slot.number, 0);
    await slot.release();
  });

  it("are passed over where LevelDB cannot read their folder", async () => {
    slotWith(0, { CURRENT: "no manifest" });
    const slot = await takeSlot(directory);
    assert.equal(slot.number, 1);
    await slot.release();
  });
});
