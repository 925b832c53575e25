import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "../../../shared/errors.js";
import { lockFolder, openFolder } from "../../../shared/folder-lock.js";

const VICTIM = "what a file of this user holds\n";

describe("a folder that LevelDB is to write", () => {
  let root: string;
  let victim: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "regatta-owner-"));
    victim = join(root, "victim");
    writeFileSync(victim, VICTIM);
  });
  afterEach(() => {
    assert.equal(readFileSync(victim, "utf8"), VICTIM);
    rmSync(root, { recursive: true });
  });

  const refused = async (directory: string, fault: RegExp) => {
    for (const open of [openFolder, lockFolder])
      await assert.rejects(open(directory, { setting: "STATE_DIR" }), (error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, fault);
        assert.ok(error.message.startsWith(`STATE_DIR: ${directory} `), error.message);
        return true;
      });
  };

  it("is made so that no other user reads it, and opened again", async () => {
    const directory = join(root, "own");
    for (let i = 0; i < 2; i++) await (await openFolder(directory, {})).close();
    assert.equal(statSync(directory).mode & 0o777, 0o700);
  });

  it("is refused where links in it lead elsewhere", async () => {
    const directory = join(root, "laid");
    mkdirSync(directory);
    symlinkSync(victim, join(directory, "MANIFEST-000003"));
    await refused(directory, /has a link in it, MANIFEST-000003, where files were expected/);
  });

  it("is refused where it is a link itself", async () => {
    const directory = join(root, "link");
    mkdirSync(join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), directory);
    await refused(directory, /is a link/);
  });

  it("is refused where everybody may write to it", async () => {
    const directory = join(root, "open");
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    await refused(directory, /may be written by everybody/);
  });

  it("is refused where it belongs to another user", async function () {
    const directory = join(root, "foreign");
    mkdirSync(directory);
    try {
      chownSync(directory, 65_534, 65_534);
    } catch {
      // Only root gives a folder away.
      this.skip();
    }
    await refused(directory, /belongs to user 65534, where one of user 0 was expected/);
  });
});
