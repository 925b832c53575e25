import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import { listenToKeys } from "../../../deploy/local/board-keys.js";

/** A terminal's input as Node has it, and in `done` what is done with it. */
function terminal(done: string[]): ReadStream {
  const setRawMode = (on: boolean) => {
    done.push(on ? "raw" : "cooked");
  };
  return Object.assign(new PassThrough(), { isTTY: true, setRawMode }) as unknown as ReadStream;
}

describe("keys of the board", () => {
  it("are not listened to in the background, where the kernel would stop the race", () => {
    const done: string[] = [];
    const input = terminal(done);
    const listeners = { onPages: () => done.push("page"), onStop: () => done.push("stop") };
    const end = listenToKeys(input, listeners, { isForeground: () => false });
    end();
    assert.deepEqual(done, []);
    assert.equal(input.readableFlowing, null);
    listenToKeys(input, listeners, { isForeground: () => true })();
    assert.deepEqual(done, ["raw", "cooked"]);
  });
});
