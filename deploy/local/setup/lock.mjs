/** One set-up at a time works in a folder: `npm start` and `npm test` may be called at once in two terminals. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LOCAL_DIRECTORY } from "./console.mjs";

const LOCK_FILE = join(LOCAL_DIRECTORY, "setup.lock");
const POLL_MS = 250;

/**
 * Runs `work` while this process holds the lock; waits for another set-up to end first.
 * @param {() => Promise<void>} work
 */
export async function withSetupLock(work) {
  mkdirSync(LOCAL_DIRECTORY, { recursive: true });
  let told = false;
  while (!take()) {
    const holder = holderPid();
    if (holder === undefined) rmSync(LOCK_FILE, { force: true });
    else {
      if (!told) console.log(`Waiting for another set-up in this folder (process ${holder}).`);
      told = true;
      await pause(POLL_MS);
    }
  }
  try {
    await work();
  } finally {
    rmSync(LOCK_FILE, { force: true });
  }
}

function take() {
  try {
    writeFileSync(LOCK_FILE, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** The running set-up that holds the lock; none where a killed one left it behind. */
function holderPid() {
  try {
    const pid = readFileSync(LOCK_FILE, "utf8");
    // The number may have gone to another program since.
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("setup.mjs") ? pid : undefined;
  } catch {
    return undefined;
  }
}
