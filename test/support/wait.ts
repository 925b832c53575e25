/** Tests wait for conditions; for time, by Node's own timers, only where a fault has to last or nothing may come. */
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 50;

/**
 * Polls until `condition` gives something other than undefined or false.
 * @throws {Error} it did not within `timeoutMs`; that bound only ends a test that hangs
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 120_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    await delay(POLL_MS);
  }
}
