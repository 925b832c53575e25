import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";
import { listenToKeys } from "../../../deploy/local/board-keys.js";

const [CTRL_C, CTRL_BACKSLASH, CTRL_Z] = ["\x03", "\x1c", "\x1a"];

/** A terminal of which the mode is kept, in `done` what else was done, and a job that is in its foreground at first. */
class Terminal {
  readonly done: string[] = [];
  foreground = true;
  mode = "cooked";
  readonly input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => {
      if (!this.foreground) this.done.push("set the mode in the background");
      this.mode = on ? "raw" : "cooked";
    },
  });
  #end = () => {};

  listen(): void {
    const note = (what: string) => this.done.push(`${what}, ${this.mode}`);
    this.#end = listenToKeys(
      this.input as unknown as ReadStream,
      { onPages: (count) => note(`page ${count}`), onStop: () => note("stop"), onLeave: () => note("leave") },
      { isForeground: () => this.foreground, signal: note },
    );
  }

  end(): void {
    this.#end();
  }

  async press(keys: string): Promise<void> {
    this.input.write(keys);
    await new Promise((done) => setImmediate(done));
  }

  /** As a shell does it with a job that it stopped. */
  continue(foreground: boolean): void {
    this.foreground = foreground;
    process.emit("SIGCONT");
  }
}

describe("keys of the board", () => {
  let terminal: Terminal;
  beforeEach(() => {
    terminal = new Terminal();
  });
  afterEach(() => terminal.end());

  it("turn pages, and nothing besides a page's key does", async () => {
    terminal.listen();
    await terminal.press("n p\x0e\x1b[6~x");
    assert.deepEqual(terminal.done, ["page 1, raw", "page 1, raw", "page -1, raw", "page 1, raw"]);
    terminal.end();
    assert.equal(terminal.mode, "cooked");
  });

  it("are not listened to in the background, where the kernel would stop the race, but once it is in the foreground", async () => {
    terminal.foreground = false;
    terminal.listen();
    terminal.continue(false);
    assert.deepEqual([terminal.mode, terminal.input.readableFlowing], ["cooked", null]);
    terminal.continue(true);
    await terminal.press("n");
    assert.deepEqual(terminal.done, ["page 1, raw"]);
    terminal.foreground = false;
    terminal.end();
    assert.deepEqual([terminal.done.length, terminal.input.readableFlowing], [1, false]);
  });

  it("leave the terminal as it was before Ctrl-C stops the race, so that the next one is a signal", async () => {
    const listeners = process.listenerCount("SIGCONT");
    terminal.listen();
    await terminal.press(`${CTRL_C}n`);
    assert.deepEqual(terminal.done, ["stop, cooked"]);
    assert.equal(process.listenerCount("SIGCONT"), listeners);
  });

  it("hand Ctrl-\\ and Ctrl-Z on to the job, and are listened to again when a shell continues it", async () => {
    terminal.listen();
    await terminal.press(CTRL_Z);
    assert.deepEqual(terminal.done.splice(0), ["leave, cooked", "SIGTSTP, cooked"]);
    terminal.continue(false);
    assert.equal(terminal.input.readableFlowing, false);
    terminal.mode = "cooked";
    terminal.continue(true);
    assert.equal(terminal.mode, "raw");
    await terminal.press("n");
    assert.deepEqual(terminal.done.splice(0), ["page 1, raw"]);
    await terminal.press(CTRL_BACKSLASH);
    assert.deepEqual(terminal.done, ["leave, cooked", "SIGQUIT, cooked"]);
    assert.equal(terminal.mode, "cooked");
  });
});
