/** Tests wait for conditions, and for time only where a fault has to last, or nothing may come. */
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

/** Lets time pass. */
export async function passed(ms: number): Promise<void> {
  const until = performance.now() + ms;
  await waitFor(`${ms} ms to pass`, () => performance.now() >= until, 2 * ms + 10_000);
}
